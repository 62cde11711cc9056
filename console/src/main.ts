import { createApp } from 'vue'
import 'maplibre-gl/dist/maplibre-gl.css'
import './style.css'
import App from './components/App.vue'
import { markDocument } from './i18n'

markDocument()
createApp(App).mount('#app')
