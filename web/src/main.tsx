import '@fontsource-variable/inter/wght.css'
// In a layer, so that the page's own styles win whatever order the chunks arrive in.
import '@mantine/core/styles.layer.css'
import './app/global.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { initI18n } from './i18n'

await initI18n()
createRoot(document.getElementById('root')!).render(<App />)
