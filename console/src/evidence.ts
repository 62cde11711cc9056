// Files that belong to an alert: photos, videos, sounds and state records of an active-safety alarm.
import { id, request } from './http'

export interface EvidenceFile {
  file_id: string
  /** image, audio, video, text or other, by what the terminal said. */
  kind: string
  /** By what was found in the file; empty until it is complete. */
  content_type: string
  size_bytes: number
  sha256: string
  sm3: string
  state: 'expected' | 'partial' | 'complete' | 'rejected'
  reason?: string | null
  received: string | null
  url: string
}

export const getEvidence = async (alertId: string): Promise<EvidenceFile[]> =>
  (await request<{ files: EvidenceFile[] }>(`/api/alerts/${id(alertId)}/evidence`)).files

/** What a browser can show by itself; anything else is offered as a download. */
export function mediumOf(file: EvidenceFile): 'image' | 'audio' | 'video' | 'download' {
  const [family, format] = file.content_type.split('/')
  if (family === 'image') return 'image'
  if (family === 'audio') return 'audio'
  return family === 'video' && format === 'mp4' ? 'video' : 'download'
}

/** Files that are still on their way: worth asking again. */
export const underWay = (files: readonly EvidenceFile[]): boolean =>
  files.some((file) => file.state === 'expected' || file.state === 'partial')
