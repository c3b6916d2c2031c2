// The instant of the evaluation is what `Date` gives without arguments.
(function (now) {
  "use strict";
  const RealDate = Date;
  const InjectedDate = function Date(...args) {
    if (!new.target) return new RealDate(now).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [now] : args, new.target);
  };
  InjectedDate.prototype = RealDate.prototype;
  InjectedDate.UTC = RealDate.UTC;
  InjectedDate.parse = RealDate.parse;
  InjectedDate.now = () => now;
  const put = (object, name, value) => Object.defineProperty(object, name, { value, writable: true, configurable: true });
  put(InjectedDate, "length", 7);
  put(RealDate.prototype, "constructor", InjectedDate);
  put(globalThis, "Date", InjectedDate);
})
