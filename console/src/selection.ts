// What the operator looks at: an alert with its vehicle, or a vehicle alone.
import { ref } from 'vue'
import type { Alert } from './model'

export const selectedAlertId = ref<string | null>(null)
export const selectedVehicleId = ref<string | null>(null)
/** Whether the map keeps the selected vehicle in its middle. */
export const following = ref(false)
/** Goes up with every wish to be flown there, so that choosing the same alert again flies again. */
export const flights = ref(0)

export function selectAlert(alert: Pick<Alert, 'alert_id' | 'vehicle_id'>): void {
  selectedAlertId.value = alert.alert_id
  selectedVehicleId.value = alert.vehicle_id
  following.value = false
  flights.value += 1
}

export function selectVehicle(vehicleId: string | null, fly = false): void {
  selectedAlertId.value = null
  selectedVehicleId.value = vehicleId
  following.value = false
  if (fly) flights.value += 1
}
