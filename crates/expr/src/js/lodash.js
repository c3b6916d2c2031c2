// The common functions of lodash, written for this sandbox: same names, same arguments, same results.
//
// A list of definitions: each begins at the left margin with `const name =` or `_.name =`. A script is given those that
// it mentions and what they need (see lodash.rs); so a definition may use what stands before it, and any `_.name`.
const isArray = Array.isArray;
const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
const isObject = (v) => v !== null && (typeof v === "object" || typeof v === "function");
const isArrayLike = (v) => v != null && typeof v !== "function" && typeof v.length === "number" && v.length >= 0;
const isPlainObject = (v) => {
  if (Object.prototype.toString.call(v) !== "[object Object]") return false;
  const prototype = Object.getPrototypeOf(v);
  return prototype === null || prototype === Object.prototype;
};
const isNil = (v) => v === null || v === undefined;
const isString = (v) => typeof v === "string" || v instanceof String;
const isFunction = (v) => typeof v === "function";
const unsafe = (key) => key === "__proto__" || key === "constructor" || key === "prototype";

// Paths and what stands for a function.
const toPath = (path) => {
  if (isArray(path)) return path.map((p) => (typeof p === "symbol" ? p : String(p)));
  const out = [];
  for (const [all, double, single, bare] of String(path).matchAll(/\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]|[^.[\]]+/g)) {
    out.push(double ?? single ?? bare ?? all);
  }
  return out;
};
const pathIn = (object, path) => (!isArray(path) && isObject(object) && path in object ? [path] : toPath(path));
const get = (object, path, fallback) => {
  let value = object;
  for (const key of pathIn(object, path)) {
    if (isNil(value)) return fallback;
    value = value[key];
  }
  return value === undefined ? fallback : value;
};
const hasPath = (object, path) => {
  let value = object;
  for (const key of pathIn(object, path)) {
    if (isNil(value) || !has(Object(value), key)) return false;
    value = value[key];
  }
  return true;
};
const set = (object, path, value) => {
  if (!isObject(object)) return object;
  const keys = pathIn(object, path);
  if (keys.some(unsafe)) return object;
  let at = object;
  keys.forEach((key, i) => {
    if (i === keys.length - 1) at[key] = value;
    else {
      if (!isObject(at[key])) at[key] = /^(?:0|[1-9]\d*)$/.test(keys[i + 1]) ? [] : {};
      at = at[key];
    }
  });
  return object;
};
const unset = (object, path) => {
  const keys = pathIn(object, path);
  const last = keys.pop();
  const at = keys.length ? get(object, keys) : object;
  return isNil(at) || delete at[last];
};
const isMatch = (object, source) =>
  Object.keys(source).every((k) => !isNil(object) && k in Object(object) &&
    (isObject(source[k]) && !isArray(source[k]) ? isMatch(object[k], source[k]) : isEqual(object[k], source[k])));
const iteratee = (f) => {
  if (isFunction(f)) return f;
  if (isNil(f)) return (v) => v;
  if (isArray(f)) return (v) => isEqual(get(v, f[0]), f[1]);
  if (isObject(f)) return (v) => isMatch(v, f);
  return (v) => get(v, f);
};

// Values.
const values = (o) => (isNil(o) ? [] : isArrayLike(o) ? Array.from(o) : Object.keys(o).map((k) => o[k]));
const entries = (o) => (isNil(o) ? [] : Object.keys(Object(o)).map((k) => [k, o[k]]));
const each = (o, f) => {
  if (isArrayLike(o)) {
    for (let i = 0; i < o.length; i++) if (f(o[i], i, o) === false) break;
  } else for (const [k, v] of entries(o)) if (f(v, k, o) === false) break;
  return o;
};
const isEqual = (a, b, seen = []) => {
  if (Object.is(a, b) || a === b) return true;
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof RegExp) return String(a) === String(b);
  if (seen.some(([x, y]) => x === a && y === b)) return true;
  seen.push([a, b]);
  if (a instanceof Map || a instanceof Set) return a.size === b.size && isEqual([...a], [...b], seen);
  const keys = Object.keys(a);
  const same = keys.length === Object.keys(b).length && keys.every((k) => has(b, k) && isEqual(a[k], b[k], seen));
  seen.pop();
  return same;
};
const cloneDeep = (v, seen = new Map()) => {
  if (!isObject(v) || isFunction(v)) return v;
  if (seen.has(v)) return seen.get(v);
  if (v instanceof Date) return new Date(v.getTime());
  if (v instanceof RegExp) return new RegExp(v.source, v.flags);
  const out = isArray(v) ? [] : v instanceof Map ? new Map() : v instanceof Set ? new Set() : Object.create(Object.getPrototypeOf(v));
  seen.set(v, out);
  if (v instanceof Map) v.forEach((x, k) => out.set(k, cloneDeep(x, seen)));
  else if (v instanceof Set) v.forEach((x) => out.add(cloneDeep(x, seen)));
  else for (const k of Object.keys(v)) if (!unsafe(k)) out[k] = cloneDeep(v[k], seen);
  return out;
};
const mergeInto = (target, source, customizer) => {
  for (const k of Object.keys(Object(source))) {
    if (unsafe(k)) continue;
    const theirs = source[k];
    const own = customizer ? customizer(target[k], theirs, k, target, source) : undefined;
    if (own !== undefined) target[k] = own;
    else if (isArray(theirs) || isPlainObject(theirs)) {
      const base = isArray(theirs) ? (isArray(target[k]) ? target[k] : []) : isPlainObject(target[k]) ? target[k] : {};
      target[k] = mergeInto(base, theirs, customizer);
    } else if (theirs !== undefined || !has(target, k)) target[k] = theirs;
  }
  return target;
};
const isEmpty = (v) => {
  if (isNil(v) || typeof v === "number" || typeof v === "boolean") return true;
  if (v instanceof Map || v instanceof Set) return v.size === 0;
  return isArrayLike(v) ? v.length === 0 : Object.keys(v).length === 0;
};

// Order: undefined and null last, like lodash.
const rank = (v) => (v === undefined ? 3 : v === null ? 2 : v !== v ? 4 : 0);
const compare = (a, b) => {
  const [x, y] = [rank(a), rank(b)];
  if (x || y) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
};
const orderBy = (o, by, orders) => {
  const bys = (isArray(by) ? by : isNil(by) ? [undefined] : [by]).map(iteratee);
  const signs = bys.map((_f, i) => ((isArray(orders) ? orders[i] : orders) === "desc" ? -1 : 1));
  return values(o)
    .map((v, i) => ({ v, i, keys: bys.map((f) => f(v)) }))
    .sort((a, b) => {
      for (let i = 0; i < bys.length; i++) {
        const order = compare(a.keys[i], b.keys[i]);
        if (order) return order * signs[i];
      }
      return a.i - b.i;
    })
    .map((x) => x.v);
};
const extreme = (o, f, wanted) => {
  let best, key;
  for (const v of values(o)) {
    const k = f(v);
    if (!isNil(k) && k === k && (key === undefined || compare(k, key) * wanted > 0)) [best, key] = [v, k];
  }
  return best;
};
const sumBy = (o, f) => values(o).reduce((s, v) => (f(v) === undefined ? s : s === undefined ? f(v) : s + f(v)), undefined) ?? 0;

// Sets of values.
const keyed = (list, f) => {
  const seen = new Set();
  return list.filter((v) => !seen.has(f(v)) && seen.add(f(v)));
};
const flatten = (list, depth = 1) => values(list).flat(depth);
const lists = (args) => args.filter(isArrayLike);
const lastOf = (args) => (isArrayLike(args[args.length - 1]) && !isString(args[args.length - 1]) ? undefined : args.pop());
const differenceBy = (list, others, f) => {
  const out = new Set(others.flatMap((l) => values(l).map(f)));
  return values(list).filter((v) => !out.has(f(v)));
};
const intersectionBy = (all, f) => {
  const sets = all.slice(1).map((l) => new Set(values(l).map(f)));
  return keyed(values(all[0]), f).filter((v) => sets.every((s) => s.has(f(v))));
};
const collect = (o, by, put) => {
  const f = iteratee(by);
  const out = {};
  each(o, (v) => put(out, f(v), v));
  return out;
};
const wanted = (paths) => paths.flat(Infinity);
const range = (right) => (start, end, step) => {
  if (end === undefined) [start, end] = [0, start];
  step = step === undefined ? (start < end ? 1 : -1) : step;
  const count = Math.max(Math.ceil((end - start) / (step || 1)), 0);
  const out = Array.from({ length: count }, (_v, i) => start + i * step);
  return right ? out.reverse() : out;
};

// Texts.
const text = (v) => (isNil(v) ? "" : isArray(v) ? v.map(text).join(",") : Object.is(v, -0) ? "-0" : String(v));
const words = (v, pattern) =>
  text(v).match(pattern || /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Lo}+|\d+/gu) || [];
const upperFirst = (v) => text(v).replace(/^./u, (c) => c.toUpperCase());
const lowerFirst = (v) => text(v).replace(/^./u, (c) => c.toLowerCase());
const capitalize = (v) => upperFirst(text(v).toLowerCase());
const joined = (v, by, change = (w) => w.toLowerCase()) => words(text(v).replace(/['\u2019]/g, "")).map(change).join(by);
const pad = (v, length, chars = " ") => {
  const s = text(v);
  const left = Math.floor(Math.max(length - s.length, 0) / 2);
  return s.padStart(s.length + left, chars).padEnd(Math.max(length, s.length), chars);
};
const strip = (start, end) => (v, chars) => {
  const set = isNil(chars) ? null : new Set([...chars]);
  const drop = (c) => (set ? set.has(c) : /\s/.test(c));
  let s = [...text(v)];
  while (start && s.length && drop(s[0])) s = s.slice(1);
  while (end && s.length && drop(s[s.length - 1])) s.pop();
  return s.join("");
};
const HTML = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const rounded = (how) => (n, precision = 0) => {
  const shift = (x, by) => {
    const [base, exponent] = `${x}e`.split("e");
    return Number(`${base}e${Number(exponent) + by}`);
  };
  return shift(Math[how](shift(Number(n), precision)), -precision);
};
const toNumber = (v) => (isString(v) ? Number(v.trim()) : Number(v));
const identity = (v) => v;
const negate = (f) => (...args) => !f(...args);
const pickBy = (o, f = identity) => Object.fromEntries(entries(o).filter(([k, v]) => f(v, k)));
const filter = (o, f) => {
  const test = iteratee(f);
  return isArrayLike(o) ? values(o).filter((v, i) => test(v, i, o)) : entries(o).filter(([k, v]) => test(v, k, o)).map((e) => e[1]);
};
const find = (o, f, from = 0) => {
  const test = iteratee(f);
  return isArrayLike(o) ? values(o).slice(from).find((v, i) => test(v, i + from, o)) : (entries(o).find(([k, v]) => test(v, k, o)) || [])[1];
};
const map = (o, f) => {
  const change = iteratee(f);
  return isArrayLike(o) ? values(o).map((v, i) => change(v, i, o)) : entries(o).map(([k, v]) => change(v, k, o));
};
const reduce = (right) => (o, f, ...start) => {
  let all = isArrayLike(o) ? values(o).map((v, i) => [i, v]) : entries(o);
  if (right) all = all.reverse();
  let sum = start.length ? start[0] : (all.shift() || [])[1];
  for (const [k, v] of all) sum = f(sum, v, k, o);
  return sum;
};

_.get = get;
_.set = set;
_.unset = unset;
_.has = hasPath;
_.toPath = toPath;
_.at = (o, ...paths) => wanted(paths).map((p) => get(o, p));
_.result = (o, path, fallback) => {
  const v = get(o, path, fallback);
  return isFunction(v) ? v.call(o) : v;
};
_.update = (o, path, f) => set(o, path, f(get(o, path)));
_.keys = (o) => (isNil(o) ? [] : Object.keys(Object(o)));
_.values = values;
_.entries = entries;
_.toPairs = entries;
_.fromPairs = (pairs) => Object.fromEntries(values(pairs));
_.pick = (o, ...paths) => wanted(paths).reduce((out, p) => (hasPath(o, p) ? set(out, p, get(o, p)) : out), {});
_.omit = (o, ...paths) => {
  const out = cloneDeep({ ...o });
  wanted(paths).forEach((p) => unset(out, p));
  return out;
};
_.pickBy = pickBy;
_.omitBy = (o, f = identity) => pickBy(o, negate(f));
_.mapValues = (o, f) => Object.fromEntries(entries(o).map(([k, v]) => [k, iteratee(f)(v, k, o)]));
_.mapKeys = (o, f) => Object.fromEntries(entries(o).map(([k, v]) => [iteratee(f)(v, k, o), v]));
_.invert = (o) => Object.fromEntries(entries(o).map(([k, v]) => [v, k]));
_.findKey = (o, f) => (entries(o).find(([k, v]) => iteratee(f)(v, k, o)) || [])[0];
_.forOwn = each;
_.forIn = each;
_.assign = (o, ...others) => Object.assign(o, ...others);
_.extend = (o, ...others) => Object.assign(o, ...others);
_.defaults = (o, ...others) => {
  for (const other of others) for (const [k, v] of entries(other)) if (o[k] === undefined && !unsafe(k)) o[k] = v;
  return o;
};
_.defaultsDeep = (o, ...others) => others.reduce((out, other) => mergeInto(out, mergeInto(cloneDeep(other), out)), o);
_.merge = (o, ...others) => others.reduce((out, other) => mergeInto(out, cloneDeep(other)), o);
_.mergeWith = (o, ...others) => {
  const f = others.pop();
  return others.reduce((out, other) => mergeInto(out, cloneDeep(other), f), o);
};
_.clone = (v) => (isArray(v) ? v.slice() : isPlainObject(v) ? { ...v } : cloneDeep(v));
_.cloneDeep = (v) => cloneDeep(v);
_.each = each;
_.forEach = each;
_.map = map;
_.filter = filter;
_.reject = (o, f) => filter(o, negate(iteratee(f)));
_.find = find;
_.findLast = (o, f) => values(o).reverse().find((v) => iteratee(f)(v));
_.some = (o, f) => values(o).some((v, i) => iteratee(f)(v, i, o));
_.every = (o, f) => values(o).every((v, i) => iteratee(f)(v, i, o));
_.reduce = reduce(false);
_.reduceRight = reduce(true);
_.includes = (o, v, from = 0) => (isString(o) ? o.includes(v, from) : values(o).includes(v, from));
_.groupBy = (o, f) => collect(o, f, (out, k, v) => (has(out, k) ? out[k].push(v) : unsafe(k) || (out[k] = [v])));
_.keyBy = (o, f) => collect(o, f, (out, k, v) => unsafe(k) || (out[k] = v));
_.countBy = (o, f) => collect(o, f, (out, k) => unsafe(k) || (out[k] = (has(out, k) ? out[k] : 0) + 1));
_.partition = (o, f) => [filter(o, f), filter(o, negate(iteratee(f)))];
_.sortBy = (o, ...by) => orderBy(o, by.length ? by.flat() : undefined);
_.orderBy = orderBy;
_.size = (o) => (isNil(o) ? 0 : o instanceof Map || o instanceof Set ? o.size : isArrayLike(o) ? o.length : Object.keys(o).length);
_.flatMap = (o, f) => flatten(map(o, f));
_.invokeMap = (o, m, ...args) => values(o).map((v) => (isFunction(m) ? m.apply(v, args) : v[m](...args)));
_.sample = (o) => values(o)[Math.floor(Math.random() * values(o).length)];
_.shuffle = (o) => {
  const out = values(o);
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
};
_.chunk = (list, size = 1) => (size < 1 ? [] : values(list).flatMap((_v, i, all) => (i % size ? [] : [all.slice(i, i + size)])));
_.compact = (list) => values(list).filter(Boolean);
_.concat = (list, ...more) => [].concat(list, ...more);
_.difference = (list, ...others) => differenceBy(list, others, identity);
_.differenceBy = (list, ...others) => ((f) => differenceBy(list, others, iteratee(f)))(lastOf(others));
_.differenceWith = (list, others, same) => values(list).filter((v) => !values(others).some((x) => same(v, x)));
_.intersection = (...all) => intersectionBy(all, identity);
_.intersectionBy = (...all) => ((f) => intersectionBy(all, iteratee(f)))(lastOf(all));
_.union = (...all) => keyed(flatten(lists(all)), identity);
_.unionBy = (...all) => ((f) => keyed(flatten(lists(all)), iteratee(f)))(lastOf(all));
_.xor = (...all) => flatten(all.map((l, i) => differenceBy(keyed(l, identity), all.filter((_l, j) => j !== i), identity)));
_.without = (list, ...out) => differenceBy(list, [out], identity);
_.uniq = (list) => keyed(values(list), identity);
_.uniqBy = (list, f) => keyed(values(list), iteratee(f));
_.uniqWith = (list, same) => values(list).reduce((out, v) => (out.some((x) => same(x, v)) ? out : [...out, v]), []);
_.drop = (list, n = 1) => values(list).slice(n);
_.dropRight = (list, n = 1) => values(list).slice(0, n ? -n : undefined);
_.take = (list, n = 1) => values(list).slice(0, n);
_.takeRight = (list, n = 1) => (n ? values(list).slice(-n) : []);
_.dropWhile = (list, f) => values(list).slice((values(list).findIndex(negate(iteratee(f))) + 1 || values(list).length + 1) - 1);
_.takeWhile = (list, f) => values(list).slice(0, (values(list).findIndex(negate(iteratee(f))) + 1 || values(list).length + 1) - 1);
_.fill = (list, v, start, end) => list.fill(v, start, end);
_.findIndex = (list, f, from = 0) => values(list).findIndex((v, i) => i >= from && iteratee(f)(v, i, list));
_.findLastIndex = (list, f) => values(list).findLastIndex((v, i) => iteratee(f)(v, i, list));
_.first = (list) => values(list)[0];
_.head = (list) => values(list)[0];
_.last = (list) => values(list)[values(list).length - 1];
_.initial = (list) => values(list).slice(0, -1);
_.tail = (list) => values(list).slice(1);
_.nth = (list, n = 0) => values(list).at(n);
_.flatten = (list) => flatten(list);
_.flattenDeep = (list) => flatten(list, Infinity);
_.flattenDepth = flatten;
_.indexOf = (list, v, from) => values(list).indexOf(v, from);
_.lastIndexOf = (list, v) => values(list).lastIndexOf(v);
_.join = (list, by = ",") => values(list).join(by);
_.reverse = (list) => list.reverse();
_.slice = (list, a, b) => values(list).slice(a, b);
_.pull = (list, ...out) => _.remove(list, (v) => out.includes(v)) && list;
_.remove = (list, f) => {
  const out = filter(list, f);
  const left = filter(list, negate(iteratee(f)));
  list.splice(0, list.length, ...left);
  return out;
};
_.zip = (...all) => Array.from({ length: Math.max(0, ...all.map((l) => values(l).length)) }, (_v, i) => all.map((l) => values(l)[i]));
_.unzip = (all) => _.zip(...values(all));
_.zipObject = (keys, vals = []) => values(keys).reduce((out, k, i) => (unsafe(k) || (out[k] = vals[i]), out), {});
_.castArray = (...v) => (v.length === 0 ? [] : isArray(v[0]) ? v[0] : [v[0]]);
_.sum = (o) => sumBy(o, identity);
_.sumBy = (o, f) => sumBy(o, iteratee(f));
_.mean = (o) => sumBy(o, identity) / values(o).length;
_.meanBy = (o, f) => sumBy(o, iteratee(f)) / values(o).length;
_.min = (o) => extreme(o, identity, -1);
_.max = (o) => extreme(o, identity, 1);
_.minBy = (o, f) => extreme(o, iteratee(f), -1);
_.maxBy = (o, f) => extreme(o, iteratee(f), 1);
_.add = (a, b) => a + b;
_.subtract = (a, b) => a - b;
_.multiply = (a, b) => a * b;
_.divide = (a, b) => a / b;
_.round = rounded("round");
_.floor = rounded("floor");
_.ceil = rounded("ceil");
_.clamp = (n, low, high) => (high === undefined ? Math.min(n, low) : Math.min(Math.max(n, low), high));
_.inRange = (n, start, end) => (end === undefined ? n >= Math.min(0, start) && n < Math.max(0, start) : n >= Math.min(start, end) && n < Math.max(start, end));
_.random = (low = 0, high, float) => {
  if (high === undefined || typeof high === "boolean") [low, high, float] = [0, low || 1, high];
  return float || low % 1 || high % 1 ? low + Math.random() * (high - low) : low + Math.floor(Math.random() * (high - low + 1));
};
_.range = range(false);
_.rangeRight = range(true);
_.times = (n, f = identity) => Array.from({ length: Math.max(0, n) }, (_v, i) => f(i));
_.toNumber = toNumber;
_.toInteger = (v) => Math.trunc(toNumber(v)) || 0;
_.toFinite = (v) => (Number.isFinite(toNumber(v)) ? toNumber(v) : 0);
_.toString = text;
_.words = words;
_.upperFirst = upperFirst;
_.lowerFirst = lowerFirst;
_.capitalize = capitalize;
_.pad = pad;
_.camelCase = (v) => lowerFirst(joined(v, "", capitalize));
_.kebabCase = (v) => joined(v, "-");
_.snakeCase = (v) => joined(v, "_");
_.lowerCase = (v) => joined(v, " ");
_.upperCase = (v) => joined(v, " ", (w) => w.toUpperCase());
_.startCase = (v) => joined(v, " ", upperFirst);
_.toLower = (v) => text(v).toLowerCase();
_.toUpper = (v) => text(v).toUpperCase();
_.padStart = (v, n, c = " ") => text(v).padStart(n, c);
_.padEnd = (v, n, c = " ") => text(v).padEnd(n, c);
_.repeat = (v, n = 1) => text(v).repeat(n);
_.replace = (v, pattern, by) => text(v).replace(pattern, by);
_.split = (v, by, limit) => text(v).split(by, limit);
_.startsWith = (v, part, at) => text(v).startsWith(part, at);
_.endsWith = (v, part, at) => text(v).endsWith(part, at);
_.trim = strip(true, true);
_.trimStart = strip(true, false);
_.trimEnd = strip(false, true);
_.truncate = (v, { length = 30, omission = "..." } = {}) => (text(v).length <= length ? text(v) : text(v).slice(0, Math.max(0, length - omission.length)) + omission);
_.escape = (v) => text(v).replace(/[&<>"']/g, (c) => HTML[c]);
_.escapeRegExp = (v) => text(v).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
_.unescape = (v) => text(v).replace(/&(?:amp|lt|gt|quot|#39);/g, (c) => Object.keys(HTML).find((k) => HTML[k] === c));
_.parseInt = (v, radix) => parseInt(text(v), radix);
_.isArray = isArray;
_.isArrayLike = isArrayLike;
_.isBoolean = (v) => typeof v === "boolean";
_.isDate = (v) => v instanceof Date;
_.isEmpty = isEmpty;
_.isEqual = (a, b) => isEqual(a, b);
_.isFinite = (v) => Number.isFinite(v);
_.isFunction = isFunction;
_.isInteger = (v) => Number.isInteger(v);
_.isMatch = isMatch;
_.isNaN = (v) => typeof v === "number" && v !== v;
_.isNil = isNil;
_.isNull = (v) => v === null;
_.isNumber = (v) => typeof v === "number";
_.isObject = isObject;
_.isPlainObject = isPlainObject;
_.isString = isString;
_.isUndefined = (v) => v === undefined;
_.isObjectLike = (v) => v !== null && typeof v === "object";
_.eq = Object.is;
_.gt = (a, b) => a > b;
_.gte = (a, b) => a >= b;
_.lt = (a, b) => a < b;
_.lte = (a, b) => a <= b;
_.identity = identity;
_.constant = (v) => () => v;
_.noop = () => undefined;
_.negate = negate;
_.iteratee = iteratee;
_.property = (p) => (o) => get(o, p);
_.matches = (m) => (o) => isMatch(o, m);
_.flow = (...fs) => (...args) => fs.flat().reduce((out, f, i) => (i ? f(out) : f(...args)), args[0]);
_.once = (f) => {
  let done = false, result;
  return (...args) => (done ? result : ((done = true), (result = f(...args))));
};
_.memoize = (f, key = identity) => {
  const known = new Map();
  return (...args) => (known.has(key(...args)) || known.set(key(...args), f(...args)), known.get(key(...args)));
};
_.partial = (f, ...first) => (...rest) => f(...first, ...rest);
_.curry = (f, n = f.length) => {
  const more = (args) => (...next) => (args.length + next.length >= n ? f(...args, ...next) : more([...args, ...next]));
  return more([]);
};
_.defaultTo = (v, fallback) => (isNil(v) || v !== v ? fallback : v);
_.tap = (v, f) => (f(v), v);
_.thru = (v, f) => f(v);
_.cond = (pairs) => (...args) => {
  for (const [test, f] of pairs) if (test(...args)) return f(...args);
};
