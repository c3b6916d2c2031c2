// Debian's Chromium, driven by playwright-core.
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ADMIN } from "./server.js";

const ARTIFACTS = process.env.E2E_ARTIFACTS ?? path.resolve(import.meta.dirname, "../artifacts");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How many times slower the browser is to be: what a test takes for granted about time shows at 6. */
const SLOWER = Number(process.env.E2E_SLOWER ?? 1);

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A page that fails the test on an uncaught error and keeps the console for messages. */
export async function openPage(browser, { width = 1440, height = 900, locale = "en-US", dark = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce",
  });
  const page = await context.newPage();
  if (SLOWER > 1) {
    const devtools = await context.newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  }
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.stack ?? String(error)));
  // Half of what `until` has: it may hold a step that is taken again.
  page.setDefaultTimeout(30_000);
  return page;
}

/** Signs in as people do, and waits for the first page. */
export async function signIn(page, url, { login, password } = ADMIN) {
  await page.goto(`${url}/sign-in`);
  await page.getByTestId("login").fill(login);
  await page.getByTestId("password").fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL((at) => !at.pathname.startsWith("/sign-in"));
}

export async function shot(page, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
}

/** Serious and critical findings of axe, as readable lines. */
export async function violations(page) {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations
    .filter((v) => ["serious", "critical"].includes(v.impact))
    .map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
}

/** What can be pressed and is smaller than a finger: buttons, links and inputs below `least` pixels that stand alone. */
export function smallTargets(page, least = 40) {
  return page.evaluate((min) => {
    const found = [];
    for (const one of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, [role=button], [role=tab]")) {
      const box = (one.matches("input[type=checkbox], input[type=radio]") ? (one.closest("label") ?? one.parentElement) : one).getBoundingClientRect();
      const style = getComputedStyle(one);
      if (box.width === 0 || style.visibility === "hidden" || one.closest("[aria-hidden=true], .visually-hidden, .djs-container, [class*=skip]")) continue;
      // A link within a sentence is as high as its line.
      if (one.matches("a") && style.display === "inline") continue;
      if (box.height < min - 0.5 || box.width < min - 0.5) found.push(`${one.tagName.toLowerCase()}.${String(one.className).split(" ").at(-1)} "${(one.getAttribute("aria-label") ?? one.textContent ?? "").trim().slice(0, 24)}" ${Math.round(box.width)}x${Math.round(box.height)}`);
    }
    return [...new Set(found)];
  }, least);
}
