// The vehicles' shader: one square a vehicle, its shape computed per pixel as a distance field.
// Fill: a dot from afar, an arrow along the heading when near. Ring: the open alert's level, in colour and in shape
// (1 triangle, 2 diamond, 3 circle). A silent vehicle is a faint hollow dot.

export const VERTEX = `#version 300 es
precision highp float;
in vec2 a_corner;
in vec2 a_place;
in vec2 a_before;
in float a_heading;
in float a_class;
in float a_level;
in float a_flags;
uniform mat4 u_matrix;
uniform vec2 u_viewport;
uniform float u_progress;
uniform float u_radius;
uniform float u_arrow;
out vec2 v_at;
flat out float v_heading;
flat out int v_class;
flat out int v_level;
flat out int v_flags;
flat out float v_radius;
void main() {
  v_heading = a_heading;
  v_class = int(a_class);
  v_level = int(a_level);
  v_flags = int(a_flags);
  v_radius = u_radius * (v_level > 0 ? 1.15 : 1.0);
  float reach = v_radius * (1.0 + 0.6 * u_arrow) + 1.5;
  if (v_level > 0) reach = max(reach, max(v_radius * 1.9, 6.0) * 1.6 + 2.0);
  if ((v_flags & 2) != 0) reach = max(reach, max(v_radius * 2.7, 9.0) + 3.0);
  v_at = a_corner * reach;
  vec4 at = u_matrix * vec4(mix(a_before, a_place, u_progress), 0.0, 1.0);
  gl_Position = vec4(at.xy + v_at * vec2(2.0, -2.0) / u_viewport * at.w, at.z, at.w);
}`

export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
flat in float v_heading;
flat in int v_class;
flat in int v_level;
flat in int v_flags;
flat in float v_radius;
uniform vec3 u_classes[5];
uniform vec3 u_levels[4];
uniform vec3 u_dark;
uniform vec3 u_selection;
uniform float u_arrow;
out vec4 colour;

float polygon3(vec2 p, float r) {
  const float k = 1.7320508;
  p.y = -p.y + r * 0.16;
  p.x = abs(p.x) - r;
  p.y = p.y + r / k;
  if (p.x + k * p.y > 0.0) p = vec2(p.x - k * p.y, -k * p.x - p.y) / 2.0;
  p.x -= clamp(p.x, -2.0 * r, 0.0);
  return -length(p) * sign(p.y);
}

float arrow(vec2 p, float r) {
  p.x = abs(p.x);
  float side = dot(p - vec2(0.0, -1.5 * r), normalize(vec2(2.6, -1.1)));
  float notch = dot(p - vec2(0.0, 0.55 * r), normalize(vec2(-0.55, 1.0)));
  return max(side, notch);
}

float ring(vec2 p, float r) {
  if (v_level == 1) return polygon3(p, r * 1.3);
  if (v_level == 2) return (abs(p.x) + abs(p.y) - r * 1.3) * 0.7071;
  return length(p) - r;
}

vec4 over(vec4 top, vec4 under) { return top + under * (1.0 - top.a); }
vec4 paint(vec3 c, float a) { return vec4(c * a, a); }

void main() {
  // From afar most vehicles are plain dots; machines without a graphics card are spared the rest.
  if (u_arrow == 0.0 && v_level == 0 && (v_flags & 3) == 0) {
    colour = paint(u_classes[v_class], clamp(v_radius + 0.5 - length(v_at), 0.0, 1.0) * (v_radius < 2.0 ? 0.6 : 0.95));
    return;
  }
  float s = sin(v_heading), c = cos(v_heading);
  vec2 turned = vec2(v_at.x * c + v_at.y * s, -v_at.x * s + v_at.y * c);
  bool silent = (v_flags & 1) != 0;
  bool moving = (v_flags & 4) != 0;
  float dot_ = length(v_at) - v_radius;
  float body = moving ? mix(dot_, arrow(turned, v_radius), u_arrow) : dot_ + v_radius * 0.25 * u_arrow;
  vec3 fill = u_classes[v_class];

  float inside = clamp(0.5 - body, 0.0, 1.0);
  if (silent) inside *= 0.25 + 0.55 * clamp(1.2 - abs(body + 0.8), 0.0, 1.0);
  vec4 result = paint(fill, inside * (silent ? 0.6 : 0.95));
  if (v_radius > 3.0) result = over(result, paint(u_dark, clamp(1.6 - body, 0.0, 1.0) * 0.7));

  if (v_level > 0) {
    float r = max(v_radius * 1.9, 6.0);
    float edge = ring(v_at, r);
    vec3 level = u_levels[v_level];
    result = over(paint(level, clamp(1.4 - abs(edge), 0.0, 1.0)), result);
    // A dark ground under the mark, so that it stands out of a crowd of dots.
    result = over(result, paint(mix(u_dark, level, 0.16), 0.85 * clamp(2.0 - edge, 0.0, 1.0)));
  }
  if ((v_flags & 2) != 0) {
    float far = length(v_at) - (max(v_radius * (v_level > 0 ? 2.7 : 1.9), 9.0));
    result = over(result, paint(u_selection, clamp(1.3 - abs(far), 0.0, 1.0)));
  }
  if (result.a < 0.004) discard;
  colour = result;
}`
