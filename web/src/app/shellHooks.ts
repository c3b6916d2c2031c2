export { useMantineColorScheme } from '@mantine/core'
export { useHotkeys, useLocalStorage, useMediaQuery } from '@mantine/hooks'
