// The designer by keyboard and panel, as an analyst draws.

export class Designer {
  constructor(page) {
    this.page = page;
  }

  /** Id of the selected element. */
  async selected() {
    return this.page.evaluate(() => document.querySelector("g.djs-element.selected")?.dataset.elementId);
  }

  async select(id) {
    if ((await this.selected()) === id) return;
    await this.deselect();
    const shape = this.page.locator(`g.djs-shape[data-element-id="${id}"] > .djs-visual`).first();
    const box = await shape.boundingBox();
    await this.page.mouse.click(box.x + 14, box.y + box.height / 2);
    await this.page.waitForSelector(`g.djs-element.selected[data-element-id="${id}"]`, { state: "attached" });
  }

  /** Clicks where nothing is drawn: the menu beside the selected element closes. */
  async deselect() {
    const box = await this.page.locator(".djs-container").boundingBox();
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height - 40);
    await this.page.waitForFunction(() => !document.querySelector("g.djs-element.selected"));
  }

  /** Selects the middle of a connection: its bounding box's centre may lie beside the line. */
  async selectFlow(id) {
    if ((await this.selected()) === id) return;
    await this.deselect();
    const point = await this.page.evaluate((flow) => {
      const path = document.querySelector(`g.djs-element[data-element-id="${flow}"] > .djs-visual > path`);
      const at = path.getPointAtLength(path.getTotalLength() * 0.6);
      const on = at.matrixTransform(path.getScreenCTM());
      return { x: on.x, y: on.y };
    }, id);
    await this.page.mouse.click(point.x, point.y);
    await this.page.waitForSelector(`g.djs-element.selected[data-element-id="${id}"]`, { state: "attached" });
  }

  /** Appends what the menu finds for `text` to the selected element, and labels it. */
  async append(text, label) {
    const before = await this.selected();
    await this.page.locator('.djs-context-pad .entry[data-action="append"]').click();
    const menu = this.page.locator(".djs-popup");
    await menu.waitFor();
    await menu.locator("input").pressSequentially(text);
    await menu.locator(".entry.selected").filter({ hasText: new RegExp(text, "i") }).first().waitFor();
    await this.page.keyboard.press("Enter");
    await menu.waitFor({ state: "detached" });
    await this.page.waitForFunction((id) => {
      const now = document.querySelector("g.djs-element.selected")?.dataset.elementId;
      return now && now !== id;
    }, before);
    const id = await this.selected();
    if (label) await this.name(label);
    return id;
  }

  /** Labels the selected element in the panel. */
  async name(label) {
    await this.open("General");
    await this.field("name").fill(label);
    await this.field("name").blur();
    // The panel writes a moment after the key; drawing anew meanwhile would swallow a click.
    const drawn = (words) => [...document.querySelectorAll(".djs-container svg text")].some((t) => t.textContent.replaceAll(/\s/g, "") === words);
    await this.page.waitForFunction(drawn, label.replaceAll(/\s/g, ""));
  }

  /** Opens a group of the panel. */
  async open(title) {
    const header = this.page.locator(".bio-properties-panel-group-header").filter({ hasText: title }).first();
    await header.waitFor();
    if (!(await header.getAttribute("class")).includes("open")) await header.click();
  }

  field(id) {
    return this.page.locator(`[id="bio-properties-panel-${id}"]`);
  }

  /** Writes a FEEL expression into an editor of the panel. */
  async expression(id, text) {
    const editor = this.page.locator(`[data-entry-id="${id}"] .cm-content`);
    await editor.click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.insertText(text);
    await editor.blur();
  }

  /** Ids of the flows that leave an element, in the order drawn. */
  async flows() {
    return this.page.$$eval("g.djs-connection[data-element-id]", (gs) => gs.map((g) => g.dataset.elementId));
  }
}
