/** Changing theme and language: at once here, kept in the profile. */
import { useMantineColorScheme } from '@mantine/core'
import { api, updateMe, type Language, type Theme } from '@/api'
import { setLanguage } from '@/i18n'
import { toastError } from '@/ui/errors'

export function useAppearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const theme: Theme = colorScheme
  return {
    theme,
    setTheme: (next: Theme) => {
      setColorScheme(next)
      updateMe({ theme: next })
      api.patch('/me', { body: { theme: next } }).catch(toastError)
    },
    setLanguage: (next: Language) => {
      void setLanguage(next)
      updateMe({ language: next })
      api.patch('/me', { body: { language: next } }).catch(toastError)
    },
  }
}
