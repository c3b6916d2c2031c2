// The common functions of lodash, written for this sandbox: same names, same arguments, same results.
(function () {
  "use strict";
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

  const _ = {
    // Objects and paths.
    get, set, unset, has: hasPath, toPath, at: (o, ...paths) => wanted(paths).map((p) => get(o, p)),
    result: (o, path, fallback) => {
      const v = get(o, path, fallback);
      return isFunction(v) ? v.call(o) : v;
    },
    update: (o, path, f) => set(o, path, f(get(o, path))),
    keys: (o) => (isNil(o) ? [] : Object.keys(Object(o))), values, entries, toPairs: entries,
    fromPairs: (pairs) => Object.fromEntries(values(pairs)),
    pick: (o, ...paths) => wanted(paths).reduce((out, p) => (hasPath(o, p) ? set(out, p, get(o, p)) : out), {}),
    omit: (o, ...paths) => {
      const out = cloneDeep({ ...o });
      wanted(paths).forEach((p) => unset(out, p));
      return out;
    },
    pickBy, omitBy: (o, f = identity) => pickBy(o, negate(f)),
    mapValues: (o, f) => Object.fromEntries(entries(o).map(([k, v]) => [k, iteratee(f)(v, k, o)])),
    mapKeys: (o, f) => Object.fromEntries(entries(o).map(([k, v]) => [iteratee(f)(v, k, o), v])),
    invert: (o) => Object.fromEntries(entries(o).map(([k, v]) => [v, k])),
    findKey: (o, f) => (entries(o).find(([k, v]) => iteratee(f)(v, k, o)) || [])[0],
    forOwn: each, forIn: each,
    assign: (o, ...others) => Object.assign(o, ...others), extend: (o, ...others) => Object.assign(o, ...others),
    defaults: (o, ...others) => {
      for (const other of others) for (const [k, v] of entries(other)) if (o[k] === undefined && !unsafe(k)) o[k] = v;
      return o;
    },
    defaultsDeep: (o, ...others) => others.reduce((out, other) => mergeInto(out, mergeInto(cloneDeep(other), out)), o),
    merge: (o, ...others) => others.reduce((out, other) => mergeInto(out, cloneDeep(other)), o),
    mergeWith: (o, ...others) => {
      const f = others.pop();
      return others.reduce((out, other) => mergeInto(out, cloneDeep(other), f), o);
    },
    clone: (v) => (isArray(v) ? v.slice() : isPlainObject(v) ? { ...v } : cloneDeep(v)), cloneDeep: (v) => cloneDeep(v),
    // Collections.
    each, forEach: each, map, filter, reject: (o, f) => filter(o, negate(iteratee(f))), find,
    findLast: (o, f) => values(o).reverse().find((v) => iteratee(f)(v)),
    some: (o, f) => values(o).some((v, i) => iteratee(f)(v, i, o)), every: (o, f) => values(o).every((v, i) => iteratee(f)(v, i, o)),
    reduce: reduce(false), reduceRight: reduce(true), includes: (o, v, from = 0) => (isString(o) ? o.includes(v, from) : values(o).includes(v, from)),
    groupBy: (o, f) => collect(o, f, (out, k, v) => (has(out, k) ? out[k].push(v) : unsafe(k) || (out[k] = [v]))),
    keyBy: (o, f) => collect(o, f, (out, k, v) => unsafe(k) || (out[k] = v)),
    countBy: (o, f) => collect(o, f, (out, k) => unsafe(k) || (out[k] = (has(out, k) ? out[k] : 0) + 1)),
    partition: (o, f) => [filter(o, f), filter(o, negate(iteratee(f)))],
    sortBy: (o, ...by) => orderBy(o, by.length ? by.flat() : undefined), orderBy,
    size: (o) => (isNil(o) ? 0 : o instanceof Map || o instanceof Set ? o.size : isArrayLike(o) ? o.length : Object.keys(o).length),
    flatMap: (o, f) => flatten(map(o, f)), invokeMap: (o, m, ...args) => values(o).map((v) => (isFunction(m) ? m.apply(v, args) : v[m](...args))),
    sample: (o) => values(o)[Math.floor(Math.random() * values(o).length)],
    shuffle: (o) => {
      const out = values(o);
      for (let i = out.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    },
    // Arrays.
    chunk: (list, size = 1) => (size < 1 ? [] : values(list).flatMap((_v, i, all) => (i % size ? [] : [all.slice(i, i + size)]))),
    compact: (list) => values(list).filter(Boolean), concat: (list, ...more) => [].concat(list, ...more),
    difference: (list, ...others) => differenceBy(list, others, identity),
    differenceBy: (list, ...others) => ((f) => differenceBy(list, others, iteratee(f)))(lastOf(others)),
    differenceWith: (list, others, same) => values(list).filter((v) => !values(others).some((x) => same(v, x))),
    intersection: (...all) => intersectionBy(all, identity),
    intersectionBy: (...all) => ((f) => intersectionBy(all, iteratee(f)))(lastOf(all)),
    union: (...all) => keyed(flatten(lists(all)), identity),
    unionBy: (...all) => ((f) => keyed(flatten(lists(all)), iteratee(f)))(lastOf(all)),
    xor: (...all) => flatten(all.map((l, i) => differenceBy(keyed(l, identity), all.filter((_l, j) => j !== i), identity))),
    without: (list, ...out) => differenceBy(list, [out], identity),
    uniq: (list) => keyed(values(list), identity), uniqBy: (list, f) => keyed(values(list), iteratee(f)),
    uniqWith: (list, same) => values(list).reduce((out, v) => (out.some((x) => same(x, v)) ? out : [...out, v]), []),
    drop: (list, n = 1) => values(list).slice(n), dropRight: (list, n = 1) => values(list).slice(0, n ? -n : undefined),
    take: (list, n = 1) => values(list).slice(0, n), takeRight: (list, n = 1) => (n ? values(list).slice(-n) : []),
    dropWhile: (list, f) => values(list).slice((values(list).findIndex(negate(iteratee(f))) + 1 || values(list).length + 1) - 1),
    takeWhile: (list, f) => values(list).slice(0, (values(list).findIndex(negate(iteratee(f))) + 1 || values(list).length + 1) - 1),
    fill: (list, v, start, end) => list.fill(v, start, end),
    findIndex: (list, f, from = 0) => values(list).findIndex((v, i) => i >= from && iteratee(f)(v, i, list)),
    findLastIndex: (list, f) => values(list).findLastIndex((v, i) => iteratee(f)(v, i, list)),
    first: (list) => values(list)[0], head: (list) => values(list)[0], last: (list) => values(list)[values(list).length - 1],
    initial: (list) => values(list).slice(0, -1), tail: (list) => values(list).slice(1), nth: (list, n = 0) => values(list).at(n),
    flatten: (list) => flatten(list), flattenDeep: (list) => flatten(list, Infinity), flattenDepth: flatten,
    indexOf: (list, v, from) => values(list).indexOf(v, from), lastIndexOf: (list, v) => values(list).lastIndexOf(v),
    join: (list, by = ",") => values(list).join(by), reverse: (list) => list.reverse(), slice: (list, a, b) => values(list).slice(a, b),
    pull: (list, ...out) => _.remove(list, (v) => out.includes(v)) && list,
    remove: (list, f) => {
      const out = filter(list, f);
      const left = filter(list, negate(iteratee(f)));
      list.splice(0, list.length, ...left);
      return out;
    },
    zip: (...all) => Array.from({ length: Math.max(0, ...all.map((l) => values(l).length)) }, (_v, i) => all.map((l) => values(l)[i])),
    unzip: (all) => _.zip(...values(all)),
    zipObject: (keys, vals = []) => values(keys).reduce((out, k, i) => (unsafe(k) || (out[k] = vals[i]), out), {}),
    castArray: (...v) => (v.length === 0 ? [] : isArray(v[0]) ? v[0] : [v[0]]),
    // Numbers.
    sum: (o) => sumBy(o, identity), sumBy: (o, f) => sumBy(o, iteratee(f)),
    mean: (o) => sumBy(o, identity) / values(o).length, meanBy: (o, f) => sumBy(o, iteratee(f)) / values(o).length,
    min: (o) => extreme(o, identity, -1), max: (o) => extreme(o, identity, 1),
    minBy: (o, f) => extreme(o, iteratee(f), -1), maxBy: (o, f) => extreme(o, iteratee(f), 1),
    add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, divide: (a, b) => a / b,
    round: rounded("round"), floor: rounded("floor"), ceil: rounded("ceil"),
    clamp: (n, low, high) => (high === undefined ? Math.min(n, low) : Math.min(Math.max(n, low), high)),
    inRange: (n, start, end) => (end === undefined ? n >= Math.min(0, start) && n < Math.max(0, start) : n >= Math.min(start, end) && n < Math.max(start, end)),
    random: (low = 0, high, float) => {
      if (high === undefined || typeof high === "boolean") [low, high, float] = [0, low || 1, high];
      return float || low % 1 || high % 1 ? low + Math.random() * (high - low) : low + Math.floor(Math.random() * (high - low + 1));
    },
    range: range(false), rangeRight: range(true), times: (n, f = identity) => Array.from({ length: Math.max(0, n) }, (_v, i) => f(i)),
    toNumber, toInteger: (v) => Math.trunc(toNumber(v)) || 0, toFinite: (v) => (Number.isFinite(toNumber(v)) ? toNumber(v) : 0),
    // Texts.
    toString: text, words, upperFirst, lowerFirst, capitalize, pad,
    camelCase: (v) => lowerFirst(joined(v, "", capitalize)), kebabCase: (v) => joined(v, "-"), snakeCase: (v) => joined(v, "_"),
    lowerCase: (v) => joined(v, " "), upperCase: (v) => joined(v, " ", (w) => w.toUpperCase()), startCase: (v) => joined(v, " ", upperFirst),
    toLower: (v) => text(v).toLowerCase(), toUpper: (v) => text(v).toUpperCase(),
    padStart: (v, n, c = " ") => text(v).padStart(n, c), padEnd: (v, n, c = " ") => text(v).padEnd(n, c), repeat: (v, n = 1) => text(v).repeat(n),
    replace: (v, pattern, by) => text(v).replace(pattern, by), split: (v, by, limit) => text(v).split(by, limit),
    startsWith: (v, part, at) => text(v).startsWith(part, at), endsWith: (v, part, at) => text(v).endsWith(part, at),
    trim: strip(true, true), trimStart: strip(true, false), trimEnd: strip(false, true),
    truncate: (v, { length = 30, omission = "..." } = {}) => (text(v).length <= length ? text(v) : text(v).slice(0, Math.max(0, length - omission.length)) + omission),
    escape: (v) => text(v).replace(/[&<>"']/g, (c) => HTML[c]), escapeRegExp: (v) => text(v).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
    unescape: (v) => text(v).replace(/&(?:amp|lt|gt|quot|#39);/g, (c) => Object.keys(HTML).find((k) => HTML[k] === c)),
    parseInt: (v, radix) => parseInt(text(v), radix),
    // Questions.
    isArray, isArrayLike, isBoolean: (v) => typeof v === "boolean", isDate: (v) => v instanceof Date, isEmpty, isEqual: (a, b) => isEqual(a, b),
    isFinite: (v) => Number.isFinite(v), isFunction, isInteger: (v) => Number.isInteger(v), isMatch, isNaN: (v) => typeof v === "number" && v !== v,
    isNil, isNull: (v) => v === null, isNumber: (v) => typeof v === "number", isObject, isPlainObject, isString, isUndefined: (v) => v === undefined,
    isObjectLike: (v) => v !== null && typeof v === "object", eq: Object.is, gt: (a, b) => a > b, gte: (a, b) => a >= b, lt: (a, b) => a < b, lte: (a, b) => a <= b,
    // Functions.
    identity, constant: (v) => () => v, noop: () => undefined, negate, iteratee, property: (p) => (o) => get(o, p), matches: (m) => (o) => isMatch(o, m),
    flow: (...fs) => (...args) => fs.flat().reduce((out, f, i) => (i ? f(out) : f(...args)), args[0]),
    once: (f) => {
      let done = false, result;
      return (...args) => (done ? result : ((done = true), (result = f(...args))));
    },
    memoize: (f, key = identity) => {
      const known = new Map();
      return (...args) => (known.has(key(...args)) || known.set(key(...args), f(...args)), known.get(key(...args)));
    },
    partial: (f, ...first) => (...rest) => f(...first, ...rest), curry: (f, n = f.length) => {
      const more = (args) => (...next) => (args.length + next.length >= n ? f(...args, ...next) : more([...args, ...next]));
      return more([]);
    },
    defaultTo: (v, fallback) => (isNil(v) || v !== v ? fallback : v), tap: (v, f) => (f(v), v), thru: (v, f) => f(v), cond: (pairs) => (...args) => {
      for (const [test, f] of pairs) if (test(...args)) return f(...args);
    },
  };
  // `_.chain(v).map(f).value()` and `_(v).map(f).value()`.
  const CHAIN_ENDS = ["value", "valueOf", "toJSON"];
  const chain = (v) => {
    const out = {};
    for (const end of CHAIN_ENDS) out[end] = () => v;
    for (const name of Object.keys(_)) out[name] = (...args) => chain(_[name](v, ...args));
    return out;
  };
  const lodash = function _(v) {
    return chain(v);
  };
  Object.assign(lodash, _);
  Object.defineProperty(lodash, "toString", { value: _.toString });
  lodash.chain = chain;
  Object.defineProperty(globalThis, "_", { value: lodash, writable: true, configurable: true });
})();
