// Dates in the manner of moment (`moment`, changes in place) and dayjs (`dayjs`, gives a new one), in English and Russian.
// Without a zone of its own a date is in UTC, or in the zone of `moment.tz.setDefault`. `zoneOffset(name, ms)` is the
// host's: minutes east of UTC, or null for a zone that is not known.
(function (zoneOffset) {
  "use strict";
  const plural = (forms, n) => {
    const [one, few, many] = forms.split("_");
    if (n % 10 === 1 && n % 100 !== 11) return one;
    return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 10 || n % 100 >= 20) ? few : many;
  };
  const ruRelative = (n, alone, unit) => {
    const forms = {
      ss: alone ? "секунда_секунды_секунд" : "секунду_секунды_секунд",
      mm: alone ? "минута_минуты_минут" : "минуту_минуты_минут",
      hh: "час_часа_часов", dd: "день_дня_дней", MM: "месяц_месяца_месяцев", yy: "год_года_лет",
    };
    if (unit === "m") return alone ? "минута" : "минуту";
    return `${n} ${plural(forms[unit], n)}`;
  };
  const LOCALES = {
    en: {
      months: "January_February_March_April_May_June_July_August_September_October_November_December".split("_"),
      monthsShort: "Jan_Feb_Mar_Apr_May_Jun_Jul_Aug_Sep_Oct_Nov_Dec".split("_"),
      weekdays: "Sunday_Monday_Tuesday_Wednesday_Thursday_Friday_Saturday".split("_"),
      weekdaysShort: "Sun_Mon_Tue_Wed_Thu_Fri_Sat".split("_"), weekdaysMin: "Su_Mo_Tu_We_Th_Fr_Sa".split("_"),
      long: { LT: "h:mm A", LTS: "h:mm:ss A", L: "MM/DD/YYYY", LL: "MMMM D, YYYY", LLL: "MMMM D, YYYY h:mm A", LLLL: "dddd, MMMM D, YYYY h:mm A" },
      meridiem: (h, lower) => (h < 12 ? (lower ? "am" : "AM") : lower ? "pm" : "PM"),
      ordinal: (n) => n + (Math.floor((n % 100) / 10) === 1 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th"),
      firstDay: 0, firstWeek: 6, future: "in %s", past: "%s ago",
      relative: { s: "a few seconds", ss: "%d seconds", m: "a minute", mm: "%d minutes", h: "an hour", hh: "%d hours", d: "a day", dd: "%d days", M: "a month", MM: "%d months", y: "a year", yy: "%d years" },
      calendar: ["[Today at] LT", "[Tomorrow at] LT", "[Yesterday at] LT", "dddd [at] LT", "[Last] dddd [at] LT", "L"],
    },
    ru: {
      months: "январь_февраль_март_апрель_май_июнь_июль_август_сентябрь_октябрь_ноябрь_декабрь".split("_"),
      monthsOf: "января_февраля_марта_апреля_мая_июня_июля_августа_сентября_октября_ноября_декабря".split("_"),
      monthsShort: "янв._февр._март_апр._май_июнь_июль_авг._сент._окт._нояб._дек.".split("_"),
      monthsShortOf: "янв._февр._мар._апр._мая_июня_июля_авг._сент._окт._нояб._дек.".split("_"),
      weekdays: "воскресенье_понедельник_вторник_среда_четверг_пятница_суббота".split("_"),
      weekdaysShort: "вс_пн_вт_ср_чт_пт_сб".split("_"), weekdaysMin: "вс_пн_вт_ср_чт_пт_сб".split("_"),
      long: { LT: "H:mm", LTS: "H:mm:ss", L: "DD.MM.YYYY", LL: "D MMMM YYYY г.", LLL: "D MMMM YYYY г., H:mm", LLLL: "dddd, D MMMM YYYY г., H:mm" },
      meridiem: (h) => (h < 4 ? "ночи" : h < 12 ? "утра" : h < 17 ? "дня" : "вечера"),
      ordinal: (n, unit) => n + (unit === "D" ? "-го" : /w/i.test(unit) ? "-я" : "-й"),
      firstDay: 1, firstWeek: 4, future: "через %s", past: "%s назад",
      relative: { s: "несколько секунд", ss: ruRelative, m: ruRelative, mm: ruRelative, h: "час", hh: ruRelative, d: "день", dd: ruRelative, M: "месяц", MM: ruRelative, y: "год", yy: ruRelative },
      calendar: ["[Сегодня, в] LT", "[Завтра, в] LT", "[Вчера, в] LT", "dddd[, в] LT", "dddd[, в] LT", "L"],
    },
  };
  const MS = { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000, w: 604800000 };
  const UNITS = {
    y: "year years", Q: "quarter quarters", M: "month months", w: "week weeks", W: "isoWeek isoWeeks isoweek", d: "day days", D: "date dates",
    h: "hour hours", m: "minute minutes", s: "second seconds", ms: "millisecond milliseconds", E: "isoWeekday isoweekday", e: "weekday", DDD: "dayOfYear",
  };
  const unitOf = (unit) => {
    if (unit === undefined || unit === null) return "ms";
    if (UNITS[unit]) return unit;
    const name = String(unit);
    return Object.keys(UNITS).find((u) => UNITS[u].split(" ").includes(name) || UNITS[u].toLowerCase().split(" ").includes(name.toLowerCase()));
  };
  let defaultLocale = "en";
  let defaultZone = 0;
  const localeName = (name) => {
    const short = String(Array.isArray(name) ? name[0] : name).toLowerCase().split(/[-_]/)[0];
    return LOCALES[short] ? short : undefined;
  };
  const zoneOf = (zone) => {
    if (typeof zone === "number") return Math.abs(zone) < 16 ? zone * 60 : zone;
    const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
    if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] || 0));
    if (/^(Z|UTC|GMT|Etc\/UTC)$/i.test(zone)) return 0;
    if (zoneOffset(String(zone), 0) == null) throw new RangeError(`there is no time zone ${zone}`);
    return String(zone);
  };
  const offsetAt = (zone, ms) => (typeof zone === "number" ? zone : Number.isNaN(ms) ? 0 : zoneOffset(zone, ms));
  // The instant at which clocks of the zone show these parts.
  const instant = (zone, y, mo, d, h, mi, s, ms) => {
    const date = new Date(0);
    date.setUTCFullYear(y, mo, d);
    const local = date.setUTCHours(h, mi, s, ms);
    if (typeof zone === "number") return local - zone * 60000;
    const guess = local - offsetAt(zone, local) * 60000;
    return local - offsetAt(zone, guess) * 60000;
  };
  const two = (n, width = 2) => (n < 0 ? "-" : "") + String(Math.abs(n)).padStart(width, "0");
  const daysIn = (y, m) => new Date(Date.UTC(2000 + (((y % 400) + 400) % 400), m + 1, 0)).getUTCDate();
  const down = (n) => (n < 0 ? Math.ceil(n) : Math.floor(n)) || 0;

  // Reading.
  const ISO = /^\s*([+-]?\d{4,6})(?:-?(\d\d)(?:-?(\d\d))?)?(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?(?:\[([^\]]+)\]|@(\S+))?\s*$/i;
  const fromParts = (zone, y, mo = 0, d = 1, h = 0, mi = 0, s = 0, ms = 0) => {
    const whole = mo >= 0 && mo < 12 && d >= 1 && d <= daysIn(y, mo) && mi >= 0 && mi < 60 && s >= 0 && s < 60;
    const hour = (h >= 0 && h < 24) || (h === 24 && !mi && !s && !ms);
    return whole && hour ? instant(zone, y, mo, d, h, mi, s, ms) : NaN;
  };
  const fromIso = (text, zone) => {
    const m = ISO.exec(text);
    if (!m) return NaN;
    const own = m[9] || m[10] ? zoneOf(m[9] || m[10]) : m[8] ? zoneOf(m[8].toUpperCase()) : zone;
    const n = (i, otherwise) => (m[i] === undefined ? otherwise : Number(m[i]));
    const ms = m[7] ? Math.floor(Number(`0.${m[7]}`) * 1000 + 1e-6) : 0;
    return fromParts(own, n(1), n(2, 1) - 1, n(3, 1), n(4, 0), n(5, 0), n(6, 0), ms);
  };
  const TOKENS = /\[([^\]]*)\]|LTS|LT|LL?L?L?|l{1,4}|YYYYY?Y?|YY|Qo|Q|Mo|MM?M?M?|DDDo|DDDD?|Do|DD?|do|dd?d?d?|wo|ww?|Wo|WW?|gg(?:gg)?|GG(?:GG)?|E|e|HH?|hh?|kk?|mm?|ss?|S{1,9}|A|a|ZZ?|zz?|X|x|\\./g;
  const expand = (format, locale) => {
    const long = (token) => {
      const known = locale.long[token];
      if (known) return known;
      const wide = locale.long[token.toUpperCase()];
      return wide ? wide.replace(/MMMM|MM|DD|dddd/g, (t) => t.slice(1)) : token;
    };
    return format.replace(/\[[^\]]*\]|LTS|LT|LL?L?L?|l{1,4}/g, (t) => (t[0] === "[" ? t : long(t)));
  };
  const named = (text, lists) => {
    const lower = text.toLowerCase();
    let best = [-1, 0];
    for (const list of lists) {
      (list || []).forEach((name, i) => {
        const known = name.toLowerCase();
        for (const form of [known, known.replace(/\.$/, "")]) if (lower.startsWith(form) && form.length > best[1]) best = [i, form.length];
      });
    }
    return best;
  };
  const fromFormat = (text, format, locale, zone, strict) => {
    const parts = {};
    let rest = text;
    const number = (pattern, put) => {
      const m = pattern.exec(rest);
      if (!m) return false;
      rest = rest.slice(m[0].length);
      put(Number(m[0]));
      return true;
    };
    const word = (lists, put) => {
      const [i, length] = named(rest, lists);
      if (i < 0) return false;
      rest = rest.slice(length);
      put(i);
      return true;
    };
    const literal = (chars) => {
      for (const c of chars) {
        if (rest.startsWith(c)) rest = rest.slice(c.length);
        else if (strict) return false;
        else rest = rest.replace(/^\s+/, "");
      }
      return true;
    };
    const token = (t) => {
      if (!strict) rest = /^[A-Za-zА-Яа-я]/.test(t) ? rest.replace(/^[^\p{L}\p{N}+-]+/u, "") : rest;
      const exact = strict ? (n) => new RegExp(`^\\d{${n}}`) : (n) => new RegExp(`^\\d{1,${n}}`);
      switch (t) {
        case "YYYY": return number(strict ? /^\d{4}/ : /^[+-]?\d{1,4}/, (n) => (parts.y = n));
        case "YY": return number(/^\d{1,2}/, (n) => (parts.y = n + (n > 68 ? 1900 : 2000)));
        case "Q": return number(/^[1-4]/, (n) => (parts.mo = (n - 1) * 3));
        case "MM": return number(exact(2), (n) => (parts.mo = n - 1));
        case "M": case "Mo": return number(/^\d{1,2}/, (n) => (parts.mo = n - 1));
        case "MMM": case "MMMM":
          return word([locale.monthsOf, locale.months, locale.monthsShortOf, locale.monthsShort], (i) => (parts.mo = i));
        case "DD": return number(exact(2), (n) => (parts.d = n));
        case "D": return number(/^\d{1,2}/, (n) => (parts.d = n));
        case "Do": return number(/^\d{1,2}/, (n) => (parts.d = n)) && ((rest = rest.replace(/^(?:st|nd|rd|th|-?го|-?й|-?е)/i, "")), true);
        case "DDD": case "DDDD": return number(/^\d{1,3}/, (n) => ((parts.mo = 0), (parts.dayOfYear = n)));
        case "HH": case "hh": return number(exact(2), (n) => (parts.h = n));
        case "H": case "h": case "k": case "kk": return number(/^\d{1,2}/, (n) => (parts.h = n));
        case "mm": return number(exact(2), (n) => (parts.mi = n));
        case "m": return number(/^\d{1,2}/, (n) => (parts.mi = n));
        case "ss": return number(exact(2), (n) => (parts.s = n));
        case "s": return number(/^\d{1,2}/, (n) => (parts.s = n));
        case "X": return number(/^[+-]?\d+(?:\.\d+)?/, (n) => (parts.at = n * 1000));
        case "x": return number(/^[+-]?\d+/, (n) => (parts.at = n));
        case "dd": case "ddd": case "dddd": return word([locale.weekdays, locale.weekdaysShort], () => undefined) || !strict;
        case "A": case "a": {
          const m = /^(?:(am|a|ночи|утра)|(pm|p|дня|вечера))/i.exec(rest);
          if (!m) return false;
          rest = rest.slice(m[0].length);
          parts.afternoon = m[2] !== undefined;
          return true;
        }
        case "Z": case "ZZ": {
          const m = /^(?:Z|[+-]\d\d:?\d\d)/i.exec(rest);
          if (!m) return false;
          rest = rest.slice(m[0].length);
          parts.zone = zoneOf(m[0].toUpperCase());
          return true;
        }
        default: {
          if (t[0] !== "S") return true;
          const m = /^\d{1,9}/.exec(rest);
          if (!m) return false;
          const digits = m[0].slice(0, t.length);
          rest = rest.slice(digits.length);
          parts.ms = Math.floor(Number(`0.${digits}`) * 1000 + 1e-6);
          return true;
        }
      }
    };
    let at = 0;
    const whole = expand(format, locale);
    for (const m of whole.matchAll(TOKENS)) {
      if (!literal(whole.slice(at, m.index))) return NaN;
      at = m.index + m[0].length;
      const fits = m[1] !== undefined ? literal(m[1]) : m[0][0] === "\\" ? literal(m[0].slice(1)) : token(m[0]);
      if (!fits) {
        if (strict || Object.keys(parts).length === 0) return NaN;
        break;
      }
    }
    if (strict && (!literal(whole.slice(at)) || rest !== "")) return NaN;
    if (parts.at !== undefined) return parts.at;
    let h = parts.h || 0;
    if (parts.afternoon !== undefined) h = (h % 12) + (parts.afternoon ? 12 : 0);
    const today = new Date();
    const y = parts.y === undefined ? today.getUTCFullYear() : parts.y;
    const hasDate = parts.y !== undefined || parts.mo !== undefined || parts.d !== undefined;
    const mo = parts.mo === undefined ? (parts.d === undefined && hasDate ? 0 : hasDate && parts.y !== undefined ? 0 : today.getUTCMonth()) : parts.mo;
    const d = parts.d === undefined ? (hasDate ? 1 : today.getUTCDate()) : parts.d;
    const out = fromParts(parts.zone === undefined ? zone : parts.zone, y, mo, d, h, parts.mi, parts.s, parts.ms);
    return parts.dayOfYear ? out + (parts.dayOfYear - 1) * MS.d : out;
  };
  const read = (value, format, locale, zone, strict) => {
    if (value === undefined) return Date.now();
    if (value === null) return NaN;
    if (value instanceof Instant) return value.t;
    if (value instanceof Date) return value.getTime();
    if (typeof value === "number") return value;
    if (Array.isArray(value)) return value.length ? fromParts(zone, ...value) : Date.now();
    if (typeof value === "object") {
      const get = (...names) => Number(names.map((n) => value[n]).find((v) => v !== undefined) ?? 0);
      return fromParts(zone, get("year", "years", "y"), get("month", "months", "M"), get("date", "day", "days", "D", "d") || 1, get("hour", "hours", "h"), get("minute", "minutes", "m"), get("second", "seconds", "s"), get("millisecond", "milliseconds", "ms"));
    }
    if (format) {
      const all = Array.isArray(format) ? format : [format];
      return all.map((f) => fromFormat(String(value), f, locale, zone, strict)).find((t) => !Number.isNaN(t)) ?? NaN;
    }
    const iso = fromIso(String(value), zone);
    if (!Number.isNaN(iso)) return iso;
    // `31.01.2026` is how dates are written in Russian.
    return locale === LOCALES.ru || /^\d\d?\.\d\d?\.\d{4}/.test(value) ? fromFormat(String(value), "DD.MM.YYYY HH:mm:ss", LOCALES.ru, zone, false) : NaN;
  };

  const durationMs = (d) => d.ms + d.days * MS.d + d.months * 30.436875 * MS.d;
  class Duration {
    constructor(value = 0, unit) {
      this.months = this.days = this.ms = 0;
      if (value instanceof Duration) Object.assign(this, value);
      else if (typeof value === "string" && /^[+-]?P/.test(value)) this.#iso(value);
      else if (typeof value === "string" && value.includes(":")) {
        const [, sign, d, h, m, s] = /^(-)?(?:(\d+)[. ])?(\d+):(\d+)(?::(\d+(?:\.\d+)?))?$/.exec(value) || [];
        this.#put(sign ? -1 : 1, { d, h, m, s });
      } else if (value !== null && typeof value === "object") for (const k of Object.keys(value)) this.#put(1, { [unitOf(k)]: value[k] });
      else this.#put(1, { [unitOf(unit)]: value });
      this.locale$ = defaultLocale;
    }
    #put(sign, parts) {
      for (const [unit, count] of Object.entries(parts)) {
        const n = sign * Number(count || 0);
        if (unit === "y") this.months += n * 12;
        else if (unit === "Q") this.months += n * 3;
        else if (unit === "M") this.months += n;
        else if (unit === "d" || unit === "D" || unit === "w") this.days += n * (unit === "w" ? 7 : 1);
        else this.ms += n * (MS[unit] || 0);
      }
    }
    #iso(text) {
      const m = /^([+-])?P(?:(-?[\d.]+)Y)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)W)?(?:(-?[\d.]+)D)?(?:T(?:(-?[\d.]+)H)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)S)?)?$/.exec(text) || [];
      this.#put(m[1] === "-" ? -1 : 1, { y: m[2], M: m[3], w: m[4], d: m[5], h: m[6], m: m[7], s: m[8] });
    }
    as(unit) {
      const u = unitOf(unit);
      const months = this.months + (this.days * MS.d + this.ms) / (30.436875 * MS.d);
      if (u === "y") return months / 12;
      if (u === "Q") return months / 3;
      if (u === "M") return months;
      return durationMs(this) / MS[u === "D" ? "d" : u];
    }
    get(unit) {
      const u = unitOf(unit);
      const ms = this.ms % MS.d;
      const parts = { y: this.months / 12, M: this.months % 12, w: this.days / 7, d: this.days + this.ms / MS.d, h: ms / MS.h, m: (ms % MS.h) / MS.m, s: (ms % MS.m) / MS.s, ms: ms % MS.s };
      return down(parts[u === "D" ? "d" : u]);
    }
    valueOf() { return durationMs(this); }
    clone() { return new Duration(this); }
    add(value, unit) {
      const other = new Duration(value, unit);
      for (const k of ["months", "days", "ms"]) this[k] += other[k];
      return this;
    }
    subtract(value, unit) {
      const other = new Duration(value, unit);
      for (const k of ["months", "days", "ms"]) this[k] -= other[k];
      return this;
    }
    abs() {
      for (const k of ["months", "days", "ms"]) this[k] = Math.abs(this[k]);
      return this;
    }
    locale(name) {
      if (name === undefined) return this.locale$;
      this.locale$ = localeName(name) || this.locale$;
      return this;
    }
    humanize(suffix) { return relative(durationMs(this), LOCALES[this.locale$], !suffix); }
    toISOString() {
      const sign = durationMs(this) < 0 ? "-" : "";
      const part = (n, unit) => (n ? `${Math.abs(n)}${unit}` : "");
      const date = part(this.get("y"), "Y") + part(this.get("M"), "M") + part(this.get("d"), "D");
      const seconds = this.get("s") + this.get("ms") / 1000;
      const time = part(this.get("h"), "H") + part(this.get("m"), "M") + part(seconds, "S");
      return date || time ? `${sign}P${date}${time ? `T${time}` : ""}` : "P0D";
    }
    toJSON() { return this.toISOString(); }
    toString() { return this.toISOString(); }
  }
  for (const [u, names] of Object.entries({ y: "Years", M: "Months", w: "Weeks", d: "Days", h: "Hours", m: "Minutes", s: "Seconds", ms: "Milliseconds" })) {
    Duration.prototype[`as${names}`] = function () { return this.as(u); };
    Duration.prototype[names.toLowerCase()] = function () { return this.get(u); };
  }
  const relative = (ms, locale, alone) => {
    const seconds = Math.round(Math.abs(ms) / MS.s);
    const minutes = Math.round(Math.abs(ms) / MS.m);
    const hours = Math.round(Math.abs(ms) / MS.h);
    const days = Math.round(Math.abs(ms) / MS.d);
    const months = Math.round(Math.abs(ms) / (MS.d * 30.436875));
    const years = Math.round(Math.abs(ms) / (MS.d * 365.2425));
    const [unit, n] =
      seconds <= 44 ? ["s", seconds] : minutes <= 1 ? ["m", 1] : minutes < 45 ? ["mm", minutes] : hours <= 1 ? ["h", 1] : hours < 22 ? ["hh", hours]
      : days <= 1 ? ["d", 1] : days < 26 ? ["dd", days] : months <= 1 ? ["M", 1] : months < 11 ? ["MM", months] : years <= 1 ? ["y", 1] : ["yy", years];
    const form = locale.relative[unit];
    const said = typeof form === "function" ? form(n, alone, unit) : form.replace("%d", n);
    return alone ? said : (ms > 0 ? locale.future : locale.past).replace("%s", said);
  };

  class Instant {
    constructor(t, zone, locale, fixed) {
      this.t = t;
      this.z = zone;
      this.l = locale;
      this.fixed = fixed; // dayjs: never changed in place
    }
    // Clock parts: year, month, date, hours, minutes, seconds, milliseconds.
    get parts() {
      const d = new Date(this.t + this.utcOffset() * MS.m);
      return [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCMilliseconds()];
    }
    #own() { return this.fixed ? this.clone() : this; }
    #put(...parts) {
      const out = this.#own();
      out.t = instant(this.z, ...parts);
      return out;
    }
    clone() { return new Instant(this.t, this.z, this.l, this.fixed); }
    isValid() { return !Number.isNaN(this.t) && Math.abs(this.t) <= 8.64e15; }
    valueOf() { return this.t; }
    unix() { return Math.floor(this.t / 1000); }
    toDate() { return new Date(this.t); }
    toISOString() { return this.isValid() ? new Date(this.t).toISOString() : null; }
    toJSON() { return this.toISOString(); }
    toString() { return this.clone().locale("en").format("ddd MMM DD YYYY HH:mm:ss [GMT]ZZ"); }
    toArray() { return this.parts; }
    toObject() {
      const [years, months, date, hours, minutes, seconds, milliseconds] = this.parts;
      return { years, months, date, hours, minutes, seconds, milliseconds };
    }
    locale(name) {
      if (name === undefined) return this.l;
      const out = this.#own();
      out.l = localeName(name) || this.l;
      return out;
    }
    utcOffset(minutes) {
      if (minutes === undefined) return offsetAt(this.z, this.t);
      const out = this.#own();
      out.z = zoneOf(minutes);
      return out;
    }
    tz(zone, keep) {
      if (zone === undefined) return typeof this.z === "string" ? this.z : undefined;
      const out = this.#own();
      const parts = this.parts;
      out.z = zoneOf(zone);
      if (keep) out.t = instant(out.z, ...parts);
      return out;
    }
    utc(keep) { return this.tz("UTC", keep); }
    local() { return this.tz(defaultZone); }
    isUTC() { return this.z === 0; }
    get(unit) {
      const [y, mo, d, h, mi, s, ms] = this.parts;
      const u = unitOf(unit);
      const weekday = new Date(Date.UTC(y, mo, d)).getUTCDay();
      const first = LOCALES[this.l].firstDay;
      switch (u) {
        case "y": return y;
        case "Q": return Math.floor(mo / 3) + 1;
        case "M": return mo;
        case "D": return d;
        case "d": return weekday;
        case "e": return (weekday - first + 7) % 7;
        case "E": return weekday || 7;
        case "DDD": return Math.round((Date.UTC(y, mo, d) - Date.UTC(y, 0, 1)) / MS.d) + 1;
        case "w": return this.#week(first, LOCALES[this.l].firstWeek)[0];
        case "W": return this.#week(1, 4)[0];
        case "h": return h;
        case "m": return mi;
        case "s": return s;
        default: return ms;
      }
    }
    // The number of the week and its year, when weeks begin on `first` and the first one holds January's day `day`.
    #week(first, day) {
      const [y, mo, d] = this.parts;
      const start = (year) => {
        const anchor = new Date(Date.UTC(year, 0, first === 0 ? 7 + first - day : day));
        return anchor.getTime() - ((anchor.getUTCDay() - first + 7) % 7) * MS.d;
      };
      const today = Date.UTC(y, mo, d);
      const year = today < start(y) ? y - 1 : today >= start(y + 1) ? y + 1 : y;
      return [Math.floor((today - start(year)) / MS.w) + 1, year];
    }
    set(unit, value) {
      if (unit !== null && typeof unit === "object") return Object.keys(unit).reduce((out, k) => out.set(k, unit[k]), this);
      const [y, mo, d, h, mi, s, ms] = this.parts;
      const n = Number(value);
      const month = (year, at) => {
        const total = year * 12 + at;
        const [yy, mm] = [Math.floor(total / 12), ((total % 12) + 12) % 12];
        return this.#put(yy, mm, Math.min(d, daysIn(yy, mm)), h, mi, s, ms);
      };
      switch (unitOf(unit)) {
        case "y": return month(n, mo);
        case "Q": return month(y, (n - 1) * 3 + (mo % 3));
        case "M": return month(y, Number.isNaN(n) ? named(String(value), [LOCALES[this.l].months, LOCALES[this.l].monthsShort])[0] : n);
        case "D": return this.#put(y, mo, n, h, mi, s, ms);
        case "d": return this.#put(y, mo, d + n - this.get("d"), h, mi, s, ms);
        case "e": return this.#put(y, mo, d + n - this.get("e"), h, mi, s, ms);
        case "E": return this.#put(y, mo, d + n - this.get("E"), h, mi, s, ms);
        case "DDD": return this.#put(y, 0, n, h, mi, s, ms);
        case "w": return this.#put(y, mo, d + 7 * (n - this.get("w")), h, mi, s, ms);
        case "W": return this.#put(y, mo, d + 7 * (n - this.get("W")), h, mi, s, ms);
        case "h": return this.#put(y, mo, d, n, mi, s, ms);
        case "m": return this.#put(y, mo, d, h, n, s, ms);
        case "s": return this.#put(y, mo, d, h, mi, n, ms);
        default: return this.#put(y, mo, d, h, mi, s, n);
      }
    }
    #move(sign, value, unit) {
      // `add('days', 1)`, the old order of moment.
      if (typeof value === "string" && unitOf(value) && unit !== undefined && !Number.isNaN(Number(unit))) [value, unit] = [unit, value];
      const d = new Duration(value, unit);
      let out = this.#own();
      const months = sign * Math.round(d.months);
      if (months) out = out.set("M", out.get("M") + months);
      if (d.days) out = out.set("D", out.get("D") + sign * Math.round(d.days));
      out.t += sign * d.ms;
      return out;
    }
    add(value, unit) { return this.#move(1, value, unit); }
    subtract(value, unit) { return this.#move(-1, value, unit); }
    startOf(unit) {
      const [y, mo, d, h, mi, s] = this.parts;
      switch (unitOf(unit)) {
        case "y": return this.#put(y, 0, 1, 0, 0, 0, 0);
        case "Q": return this.#put(y, mo - (mo % 3), 1, 0, 0, 0, 0);
        case "M": return this.#put(y, mo, 1, 0, 0, 0, 0);
        case "w": return this.#put(y, mo, d - this.get("e"), 0, 0, 0, 0);
        case "W": return this.#put(y, mo, d - this.get("E") + 1, 0, 0, 0, 0);
        case "d": case "D": return this.#put(y, mo, d, 0, 0, 0, 0);
        case "h": return this.#put(y, mo, d, h, 0, 0, 0);
        case "m": return this.#put(y, mo, d, h, mi, 0, 0);
        case "s": return this.#put(y, mo, d, h, mi, s, 0);
        default: return this.#own();
      }
    }
    endOf(unit) {
      const u = unitOf(unit);
      if (u === "ms" || u === undefined) return this.#own();
      const step = u === "W" ? "w" : u === "D" ? "d" : u;
      const next = this.clone().startOf(u).add(1, step);
      const out = this.#own();
      out.t = next.t - 1;
      return out;
    }
    diff(other, unit, exact) {
      const that = new Instant(read(other, undefined, LOCALES[this.l], this.z), this.z, this.l, this.fixed);
      const u = unitOf(unit);
      const months = (a, b) => {
        if (a.get("D") < b.get("D")) return -months(b, a);
        const whole = (b.get("y") - a.get("y")) * 12 + b.get("M") - a.get("M");
        const at = (n) => a.clone().add(n, "M").t;
        const anchor = at(whole);
        const near = b.t < anchor ? anchor - at(whole - 1) : at(whole + 1) - anchor;
        return -(whole + (b.t - anchor) / near) || 0;
      };
      const zones = (that.utcOffset() - this.utcOffset()) * MS.m;
      let out;
      if (u === "y") out = months(this, that) / 12;
      else if (u === "Q") out = months(this, that) / 3;
      else if (u === "M") out = months(this, that);
      else if (u === "d" || u === "D" || u === "w") out = (this.t - that.t - zones) / MS[u === "D" ? "d" : u];
      else out = (this.t - that.t) / MS[u];
      return exact ? out : Number.isNaN(out) ? NaN : down(out);
    }
    #at(other, unit, how) {
      const that = read(other, undefined, LOCALES[this.l], this.z);
      if (unit === undefined) return how(this.t, that, that);
      const whole = (t, edge) => new Instant(t, this.z, this.l, false)[edge](unit).t;
      return how(this.t, whole(that, "startOf"), whole(that, "endOf"));
    }
    isBefore(other, unit) { return this.#at(other, unit, (t, from) => t < from); }
    isAfter(other, unit) { return this.#at(other, unit, (t, _from, to) => t > to); }
    isSame(other, unit) { return this.#at(other, unit, (t, from, to) => t >= from && t <= to); }
    isSameOrBefore(other, unit) { return this.#at(other, unit, (t, _from, to) => t <= to); }
    isSameOrAfter(other, unit) { return this.#at(other, unit, (t, from) => t >= from); }
    isBetween(from, to, unit, ends = "()") {
      const left = ends[0] === "[" ? this.isSameOrAfter(from, unit) : this.isAfter(from, unit);
      return left && (ends[1] === "]" ? this.isSameOrBefore(to, unit) : this.isBefore(to, unit));
    }
    isLeapYear() { return daysIn(this.get("y"), 1) === 29; }
    isDST() { return this.utcOffset() > Math.min(offsetAt(this.z, this.clone().set("M", 0).t), offsetAt(this.z, this.clone().set("M", 6).t)); }
    daysInMonth() { return daysIn(this.get("y"), this.get("M")); }
    isoWeekYear() { return this.#week(1, 4)[1]; }
    weekYear() { return this.#week(LOCALES[this.l].firstDay, LOCALES[this.l].firstWeek)[1]; }
    from(other, alone) { return relative(this.t - read(other, undefined, LOCALES[this.l], this.z), LOCALES[this.l], alone); }
    to(other, alone) { return relative(read(other, undefined, LOCALES[this.l], this.z) - this.t, LOCALES[this.l], alone); }
    fromNow(alone) { return this.from(Date.now(), alone); }
    toNow(alone) { return this.to(Date.now(), alone); }
    calendar(other) {
      const today = new Instant(read(other, undefined, LOCALES[this.l], this.z), this.z, this.l, false).startOf("d");
      const days = this.clone().startOf("d").diff(today, "d");
      const forms = LOCALES[this.l].calendar;
      const form = days === 0 ? 0 : days === 1 ? 1 : days === -1 ? 2 : days > 1 && days < 7 ? 3 : days < -1 && days > -7 ? 4 : 5;
      return this.format(forms[form]);
    }
    format(pattern = "YYYY-MM-DDTHH:mm:ssZ") {
      if (!this.isValid()) return "Invalid date";
      const locale = LOCALES[this.l];
      const [y, mo, d, h, mi, s, ms] = this.parts;
      const offset = this.utcOffset();
      const sign = offset < 0 ? "-" : "+";
      const [oh, om] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
      const whole = expand(pattern, locale);
      const genitive = /D[oD]?(?:\[[^[\]]*\]|\s)+MMMM?/.test(whole);
      const month = (short) => {
        const of = short ? locale.monthsShortOf : locale.monthsOf;
        return (genitive && of ? of : short ? locale.monthsShort : locale.months)[mo];
      };
      const write = {
        YYYY: () => two(y, 4), YY: () => two(((y % 100) + 100) % 100), Q: () => this.get("Q"), Qo: () => locale.ordinal(this.get("Q"), "Q"),
        M: () => mo + 1, MM: () => two(mo + 1), MMM: () => month(true), MMMM: () => month(false), Mo: () => locale.ordinal(mo + 1, "M"),
        D: () => d, DD: () => two(d), Do: () => locale.ordinal(d, "D"), DDD: () => this.get("DDD"), DDDD: () => two(this.get("DDD"), 3), DDDo: () => locale.ordinal(this.get("DDD"), "DDD"),
        d: () => this.get("d"), do: () => locale.ordinal(this.get("d"), "d"), dd: () => locale.weekdaysMin[this.get("d")], ddd: () => locale.weekdaysShort[this.get("d")], dddd: () => locale.weekdays[this.get("d")],
        e: () => this.get("e"), E: () => this.get("E"), w: () => this.get("w"), ww: () => two(this.get("w")), wo: () => locale.ordinal(this.get("w"), "w"),
        W: () => this.get("W"), WW: () => two(this.get("W")), Wo: () => locale.ordinal(this.get("W"), "W"),
        gg: () => two(this.weekYear() % 100), gggg: () => two(this.weekYear(), 4), GG: () => two(this.isoWeekYear() % 100), GGGG: () => two(this.isoWeekYear(), 4),
        H: () => h, HH: () => two(h), h: () => h % 12 || 12, hh: () => two(h % 12 || 12), k: () => h || 24, kk: () => two(h || 24),
        A: () => locale.meridiem(h, false), a: () => locale.meridiem(h, true), m: () => mi, mm: () => two(mi), s: () => s, ss: () => two(s),
        Z: () => `${sign}${two(oh)}:${two(om)}`, ZZ: () => `${sign}${two(oh)}${two(om)}`, z: () => this.tz() || (offset === 0 ? "UTC" : ""), zz: () => this.tz() || "",
        X: () => this.unix(), x: () => this.t,
      };
      return whole.replace(TOKENS, (t, plain) => {
        if (plain !== undefined) return plain;
        if (t[0] === "\\") return t.slice(1);
        if (t[0] === "S") return `${two(ms, 3)}000000`.slice(0, t.length);
        return write[t] ? write[t]() : t;
      });
    }
  }
  for (const [u, names] of Object.entries({ y: "year years", Q: "quarter quarters", M: "month months", D: "date dates", d: "day days", e: "weekday", E: "isoWeekday", DDD: "dayOfYear", w: "week weeks", W: "isoWeek isoWeeks", h: "hour hours", m: "minute minutes", s: "second seconds", ms: "millisecond milliseconds" })) {
    for (const name of names.split(" ")) {
      Instant.prototype[name] = function (value) { return value === undefined ? this.get(u) : this.set(u, value); };
    }
  }

  const factory = (fixed) => {
    const make = (value, format, locale, strict, zone = defaultZone) => {
      if (typeof locale === "boolean") [locale, strict] = [undefined, locale];
      if (format === true) [format, strict] = [undefined, true];
      const own = value instanceof Instant;
      const l = localeName(locale) || (own ? value.l : defaultLocale);
      return new Instant(read(value, format, LOCALES[l], zone, strict), own ? value.z : zone, l, fixed);
    };
    const api = (value, format, locale, strict) => make(value, format, locale, strict);
    api.utc = (value, format, locale, strict) => make(value, format, locale, strict, 0).tz("UTC");
    api.unix = (seconds) => make(seconds * 1000);
    api.tz = (value, ...rest) => {
      // `moment.tz(zone)`, `moment.tz(value, zone)`, `moment.tz(value, format, zone)`.
      const zone = rest.length ? rest.pop() : value;
      const what = zone === value && !rest.length ? undefined : value;
      return make(what, rest[0], rest[1], rest[2], zoneOf(zone)).tz(zone);
    };
    api.tz.setDefault = (zone) => { defaultZone = zone === undefined ? 0 : zoneOf(zone); };
    api.tz.zone = (zone) => (zoneOffset(String(zone), 0) == null ? null : { name: String(zone) });
    api.tz.guess = () => (typeof defaultZone === "string" ? defaultZone : "UTC");
    api.locale = (name) => {
      if (name !== undefined) defaultLocale = localeName(name) || defaultLocale;
      return defaultLocale;
    };
    api.duration = (value, unit) => new Duration(value, unit);
    api.isDuration = (v) => v instanceof Duration;
    api.isMoment = api.isDayjs = (v) => v instanceof Instant;
    api.isDate = (v) => v instanceof Date;
    api.now = () => Date.now();
    api.extend = () => api; // dayjs plugins: what they add is there already
    const extreme = (sign) => (...all) => all.flat().map((v) => make(v)).reduce((a, b) => ((b.t - a.t) * sign > 0 ? b : a));
    api.max = extreme(1);
    api.min = extreme(-1);
    for (const list of ["months", "monthsShort", "weekdays", "weekdaysShort", "weekdaysMin"]) {
      api[list] = (i) => (i === undefined ? LOCALES[defaultLocale][list].slice() : LOCALES[defaultLocale][list][i]);
    }
    api.ISO_8601 = undefined;
    api.fn = Instant.prototype;
    return api;
  };
  for (const [name, fixed] of [["moment", false], ["dayjs", true]]) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: factory(fixed), writable: true, configurable: true });
  }
})
