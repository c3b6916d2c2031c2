/**
 * A translation has every key of the Russian one; only plural forms that its grammar lacks may be absent.
 * A missing or unknown key is a compile error.
 */
type SlavicOnly = `${string}_few` | `${string}_many`

export type Translation<T> = {
  [K in keyof T as K extends SlavicOnly ? never : K]: T[K] extends string ? string : Translation<T[K]>
}
