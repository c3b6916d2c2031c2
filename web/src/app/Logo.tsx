/** The sign: two streams meeting in one bed. */
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-river-7)" />
      <path d="M7 10.500c4.500 0 4.500 5.500 9 5.500s4.500 5.500 9 5.500" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M7 21.500c4.500 0 4.500-5.500 9-5.500s4.500-5.500 9-5.500" fill="none" stroke="#fff" strokeOpacity=".45" strokeWidth="3" strokeLinecap="round" />
    </svg>
  )
}
