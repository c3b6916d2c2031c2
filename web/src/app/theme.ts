/** One theme for both colour schemes: neutral greys, one accent; other hues mean states only. */
import { createTheme, mergeThemeOverrides, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const river: MantineColorsTuple = [
  '#e6f5f8', '#cfe9ef', '#a2d5df', '#70bfcd', '#48acbe', '#2c9cb0', '#178599', '#0f7488', '#0b6172', '#064d5b',
]
const red: MantineColorsTuple = [
  '#fdebeb', '#f9d2d2', '#f1a5a5', '#e97676', '#e24f4f', '#dd3636', '#d12a2a', '#c22323', '#a51d1d', '#871616',
]
const gray: MantineColorsTuple = [
  '#f7f8f9', '#f0f2f4', '#e6e9ec', '#dbdfe4', '#c5cbd3', '#a3abb5', '#7d8691', '#5a636f', '#383f48', '#1c2128',
]
const dark: MantineColorsTuple = [
  '#dfe3e8', '#b9c0c9', '#929ba6', '#6b7480', '#3d444e', '#2c323a', '#22272e', '#181c21', '#121519', '#0c0e11',
]

const theme = createTheme({
  primaryColor: 'river',
  primaryShade: 7,
  colors: { river, red, gray, dark },
  fontFamily: "'Inter Variable', Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'JetBrains Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '14px', lineHeight: '20px' },
    },
  },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  defaultRadius: 'sm',
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  breakpoints: { xs: '30em', sm: '48em', md: '62em', lg: '75em', xl: '88em' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  // Defaults are told by name: naming the components themselves would load them all with the first page.
  components: {
    Button: { defaultProps: { size: 'sm', loaderProps: { type: 'dots' } } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm', autosize: true, minRows: 2, maxRows: 12 } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', allowDeselect: false, checkIconPosition: 'right' } },
    Modal: {
      defaultProps: { centered: true, radius: 'lg', overlayProps: { backgroundOpacity: 0.4 }, transitionProps: { duration: 150 } },
    },
    Drawer: {
      defaultProps: { position: 'right', overlayProps: { backgroundOpacity: 0.25 }, transitionProps: { duration: 180 } },
    },
    // Without its unnamed stop of the Tab key, which is no item of a menu: opening gives the focus to the first item.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: 'md', radius: 'md', transitionProps: { duration: 100 } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, fz: 'xs' } },
    Tabs: { defaultProps: { keepMounted: false } },
    Table: { defaultProps: { verticalSpacing: 0 } },
  },
})

/** The theme whose crosses tell screen readers what they do, in the language of the person. */
export function themeSaying(close: string) {
  const cross = { defaultProps: { closeButtonProps: { 'aria-label': close } } }
  return mergeThemeOverrides(theme, { components: { Modal: cross, Drawer: cross } })
}

export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--rail-width': '208px', '--bar-height': '48px' },
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#5a636f',
    '--surface-sunken': '#f7f8f9',
    '--surface-raised': '#ffffff',
    '--surface-hover': '#f3f5f6',
    '--surface-selected': '#e9f4f6',
    '--line': '#e4e7eb',
    '--line-strong': '#cfd5dc',
    '--state-running': '#1864c7',
    '--state-running-bg': '#e8f1fd',
    '--state-done': '#217a35',
    '--state-done-bg': '#e7f5ea',
    '--state-waiting': '#8f5a00',
    '--state-waiting-bg': '#fdf3dc',
    '--state-broken': '#c22323',
    '--state-broken-bg': '#fdebeb',
    '--state-suspended': '#6a3fc4',
    '--state-suspended-bg': '#f1ebfd',
    '--state-idle': '#5a636f',
    '--state-idle-bg': '#f0f2f4',
    '--diagram-fill': '#ffffff',
    '--diagram-stroke': '#2b323b',
    '--diagram-label': '#1c2128',
    '--diagram-grid': '#dfe3e8',
  },
  dark: {
    '--mantine-color-body': '#181c21',
    '--mantine-color-dimmed': '#9aa3ae',
    '--mantine-color-anchor': '#70bfcd',
    '--mantine-color-river-light-color': '#8accd8',
    '--mantine-color-red-light-color': '#f58a8a',
    '--surface-sunken': '#121519',
    '--surface-raised': '#1d2127',
    '--surface-hover': '#21262c',
    '--surface-selected': '#17323a',
    '--line': '#2a3038',
    '--line-strong': '#3d444e',
    '--state-running': '#7cb3f7',
    '--state-running-bg': '#16283f',
    '--state-done': '#71c585',
    '--state-done-bg': '#16301d',
    '--state-waiting': '#e8b34d',
    '--state-waiting-bg': '#352915',
    '--state-broken': '#f58a8a',
    '--state-broken-bg': '#3a1c1e',
    '--state-suspended': '#b79af2',
    '--state-suspended-bg': '#291f3d',
    '--state-idle': '#9aa3ae',
    '--state-idle-bg': '#252a31',
    '--diagram-fill': '#1d2127',
    '--diagram-stroke': '#b9c0c9',
    '--diagram-label': '#dfe3e8',
    '--diagram-grid': '#2c323a',
  },
})
