(function (variables, now, seed) {
  "use strict";
  const define = Object.defineProperty;
  const forbidden = function Function() {
    throw new TypeError("code from text is not available");
  };
  forbidden.prototype = Function.prototype;
  for (const kind of [function () {}, async function () {}, function* () {}, async function* () {}]) {
    define(Object.getPrototypeOf(kind), "constructor", { value: forbidden, writable: false, configurable: false });
  }
  define(globalThis, "Function", { value: forbidden, writable: false, configurable: false });
  for (const name of ["eval", "performance", "Atomics", "SharedArrayBuffer", "queueMicrotask", "navigator", "print", "console"]) {
    delete globalThis[name];
  }
  const RealDate = Date;
  const InjectedDate = function Date(...args) {
    if (!new.target) return new RealDate(now).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [now] : args, new.target);
  };
  InjectedDate.prototype = RealDate.prototype;
  InjectedDate.UTC = RealDate.UTC;
  InjectedDate.parse = RealDate.parse;
  InjectedDate.now = () => now;
  define(InjectedDate, "length", { value: 7 });
  define(RealDate.prototype, "constructor", { value: InjectedDate, writable: true, configurable: true });
  define(globalThis, "Date", { value: InjectedDate, writable: true, configurable: true });
  Math.random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const vars = JSON.parse(variables);
  for (const name of Object.keys(vars)) {
    if (!(name in globalThis)) globalThis[name] = vars[name];
  }
  globalThis.vars = vars;
})
