/** Text as it may stand in HTML or SVG, also inside a quoted attribute. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

type Attributes = Readonly<Record<string, string | number>>;

/** One element. `content` is markup already; attribute values are escaped here. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => {
      const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
      return ` ${key}="${escapeMarkup(text)}"`;
    })
    .join('');
  return `<${name}${written}>${content}</${name}>`;
}

/** Elapsed time on an axis: `0:00`, `7:05`, `1:02:05`. */
export function formatElapsed(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  return hours === 0
    ? `${String(minutes)}:${twoDigits(whole % 60)}`
    : `${String(hours)}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`;
}

/** A duration in words: `8.4 s`, `1 min 42 s`, `1 h 2 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
  return `${String(Math.floor(whole / 3600))} h ${String(Math.floor(whole / 60) % 60)} min`;
}

/** `21345` → `21,345`, whatever the language of this computer. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
