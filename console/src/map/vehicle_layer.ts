// All vehicles in one draw call: a MapLibre custom layer that takes the position columns straight to the GPU.
// Measured with 50,000 vehicles: filling the buffer takes a few milliseconds once a second; a GeoJSON source with
// as many features would be cut, indexed and laid out anew at every change.
import type { CustomLayerInterface, CustomRenderMethodInput, Map } from 'maplibre-gl'
import { CLASSES, ONLINE_MS, type PositionStore } from '../positions'
import { mercatorX, mercatorY, ORIGIN, relativeMatrix } from './mercator'
import { CLASS_COLOURS, LEVEL_COLOURS, MAP_COLOURS, rgb } from './palette'
import { FRAGMENT, VERTEX } from './vehicle_shader'

/** Floats a vehicle: place x y, place before x y, heading, class, level, flags. */
const STRIDE = 8
const ATTRIBUTES: [name: string, size: number, offset: number][] = [
  ['a_place', 2, 0],
  ['a_before', 2, 2],
  ['a_heading', 1, 4],
  ['a_class', 1, 5],
  ['a_level', 1, 6],
  ['a_flags', 1, 7],
]
const SILENT = 1
const SELECTED = 2
const MOVING = 4
const MOVING_KMH = 3

/** From this zoom on vehicles glide to their new place; below it the step is under a few pixels. */
const GLIDE_ZOOM = 10.5
const GLIDE_MS = 900
const FRAME_MS = 50

export interface VehicleState {
  /** Gravest open alert of each vehicle: 1 to 3. */
  levels: ReadonlyMap<string, number>
  selected: string | null
  nowMs: number
}

/** A few hundred dots want to be seen one by one, fifty thousand are a density. */
function radiusPx(zoom: number, vehicles: number): number {
  const far = vehicles < 3000 ? 3 : vehicles < 15_000 ? 2.3 : 1.6
  if (zoom < 7) return far
  return zoom < 11 ? far + ((zoom - 7) / 4) * (5.4 - far) : Math.min(8, 5.4 + (zoom - 11) * 0.9)
}

const arrowShare = (zoom: number): number => Math.min(1, Math.max(0, (zoom - 8.6) / 0.8))

export class VehicleLayer implements CustomLayerInterface {
  readonly id = 'vehicles'
  readonly type = 'custom'
  private map: Map | null = null
  private program: WebGLProgram | null = null
  private vertices: WebGLVertexArrayObject | null = null
  private buffer: WebGLBuffer | null = null
  private data = new Float32Array(0)
  /** Where each vehicle was drawn last, by its row: the place it glides from. */
  private drawn = new Float32Array(0)
  private count = 0
  private stale = false
  private glideFromMs = -Infinity
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly positions: PositionStore) {}

  onAdd(map: Map, gl: WebGL2RenderingContext): void {
    this.map = map

    this.program = link(gl)
    this.buffer = gl.createBuffer()
    this.vertices = gl.createVertexArray()
    this.layOut(gl, this.program)
    this.stale = true
  }

  onRemove(): void {
    clearTimeout(this.timer)
    this.map = null
  }

  /** Takes the newest positions and states; draws them at the next frame. */
  update(state: VehicleState): void {
    const rows = this.positions.size
    if (this.data.length < rows * STRIDE) {
      this.data = new Float32Array(this.positions.longitudeDeg.length * STRIDE)
    }
    if (this.drawn.length < rows * 2) {
      const drawn = new Float32Array(this.positions.longitudeDeg.length * 2).fill(NaN)
      drawn.set(this.drawn)
      this.drawn = drawn
    }
    this.count = 0
    // Alerts are drawn over the rest, the selected vehicle over everything.
    const marked: [row: number, level: number][] = []
    for (let row = 0; row < rows; row += 1) {
      const id = this.positions.ids[row]!
      const level = state.levels.get(id) ?? 0
      if (level > 0 || id === state.selected) marked.push([row, level])
      else this.put(row, 0, state, false)
    }
    const selectedRow = state.selected === null ? -1 : (this.positions.rowOf(state.selected) ?? -1)
    marked.sort((a, b) => Number(a[0] === selectedRow) - Number(b[0] === selectedRow) || b[1] - a[1])
    for (const [row, level] of marked) this.put(row, level, state, row === selectedRow)
    this.stale = true
    this.glideFromMs = performance.now()
    this.map?.triggerRepaint()
  }

  private put(row: number, level: number, state: VehicleState, selected: boolean): void {
    const { positions, data, drawn } = this
    const at = this.count * STRIDE
    const x = mercatorX(positions.longitudeDeg[row]!) - ORIGIN.x
    const y = mercatorY(positions.latitudeDeg[row]!) - ORIGIN.y
    const known = !Number.isNaN(drawn[row * 2]!)
    data[at] = x
    data[at + 1] = y
    data[at + 2] = known ? drawn[row * 2]! : x
    data[at + 3] = known ? drawn[row * 2 + 1]! : y
    data[at + 4] = (positions.headingDeg[row]! * Math.PI) / 180
    data[at + 5] = positions.vehicleClass[row]!
    data[at + 6] = level
    data[at + 7] =
      (positions.timeMs[row]! < state.nowMs - ONLINE_MS ? SILENT : 0) +
      (selected ? SELECTED : 0) +
      (positions.speedKmh[row]! > MOVING_KMH ? MOVING : 0)
    drawn[row * 2] = x
    drawn[row * 2 + 1] = y
    this.count += 1
  }

  render(gl: WebGL2RenderingContext | WebGLRenderingContext, input: CustomRenderMethodInput): void {
    const { map, program } = this
    if (!map || !program || !(gl instanceof WebGL2RenderingContext) || this.count === 0) return
    const zoom = map.getZoom()
    const progress = zoom < GLIDE_ZOOM ? 1 : Math.min(1, (performance.now() - this.glideFromMs) / GLIDE_MS)
    gl.useProgram(program)
    gl.bindVertexArray(this.vertices)
    if (this.stale) this.upload(gl)
    const ratio = devicePixelRatio
    const place = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name)
    gl.uniformMatrix4fv(place('u_matrix'), false, relativeMatrix(input.defaultProjectionData.mainMatrix))
    gl.uniform2f(place('u_viewport'), gl.drawingBufferWidth / ratio, gl.drawingBufferHeight / ratio)
    gl.uniform1f(place('u_progress'), progress)
    gl.uniform1f(place('u_radius'), radiusPx(zoom, this.count))
    gl.uniform1f(place('u_arrow'), arrowShare(zoom))
    gl.disable(gl.DEPTH_TEST)
    gl.disable(gl.STENCIL_TEST)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count)
    gl.bindVertexArray(null)
    if (progress < 1) this.drawAgain()
  }

  /** The next frame of a glide: twenty a second look smooth and leave the machine cool. */
  private drawAgain(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.map?.triggerRepaint(), FRAME_MS)
  }

  private upload(gl: WebGL2RenderingContext): void {
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer)
    gl.bufferData(gl.ARRAY_BUFFER, this.data.subarray(0, this.count * STRIDE), gl.DYNAMIC_DRAW)
    this.stale = false
  }

  private layOut(gl: WebGL2RenderingContext, program: WebGLProgram): void {
    gl.useProgram(program)
    gl.uniform3fv(
      gl.getUniformLocation(program, 'u_classes'),
      CLASSES.flatMap((c) => rgb(CLASS_COLOURS[c])),
    )
    const levels = [1, 1, 2, 3].flatMap((level) => rgb(LEVEL_COLOURS[level as 1 | 2 | 3]))
    gl.uniform3fv(gl.getUniformLocation(program, 'u_levels'), levels)
    gl.uniform3fv(gl.getUniformLocation(program, 'u_dark'), rgb(MAP_COLOURS.halo))
    gl.uniform3fv(gl.getUniformLocation(program, 'u_selection'), rgb(MAP_COLOURS.selection))
    gl.bindVertexArray(this.vertices)
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW)
    const corner = gl.getAttribLocation(program, 'a_corner')
    gl.enableVertexAttribArray(corner)
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer)
    for (const [name, size, offset] of ATTRIBUTES) {
      const slot = gl.getAttribLocation(program, name)
      gl.enableVertexAttribArray(slot)
      gl.vertexAttribPointer(slot, size, gl.FLOAT, false, STRIDE * 4, offset * 4)
      gl.vertexAttribDivisor(slot, 1)
    }
    gl.bindVertexArray(null)
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)
    if (!shader) throw new Error('vehicle layer: no shader; the WebGL context is lost')
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
      throw new Error(`vehicle layer: ${gl.getShaderInfoLog(shader)}`)
    }
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`vehicle layer: ${gl.getProgramInfoLog(program)}`)
  }
  return program
}
