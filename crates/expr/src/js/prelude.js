// No code from text.
(function () {
  "use strict";
  const value = function Function() {
    throw new TypeError("code from text is not available");
  };
  value.prototype = Function.prototype;
  const no = { value, writable: false, configurable: false };
  const of = Object.getPrototypeOf;
  for (const kind of [function () {}, async function () {}, function* () {}, async function* () {}])
    Object.defineProperty(of(kind), "constructor", no);
  Object.defineProperty(globalThis, "Function", no);
})
