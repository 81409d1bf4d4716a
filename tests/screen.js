// Just enough of a browser's page to run course/stepper.js in the tests, and to read what it shows.

class Node {
  constructor(tag) {
    this.tagName = tag.toUpperCase();
    this.attributes = {};
    this.children = [];
    this.parent = null;
    this.listeners = {};
    this.style = {setProperty() {}};
    this.hidden = false;
    this.isConnected = true;
    this.words = "";
    const attributes = this.attributes, key = name => "data-" + name;
    this.dataset = new Proxy({}, {
      get: (_, name) => attributes[key(name)],
      set: (_, name, value) => { attributes[key(name)] = value; return true; },
    });
    this.clientWidth = this.scrollWidth = 600;
  }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  get type() { return this.attributes.type ?? this.tagName.toLowerCase(); }
  get value() { return this.own ?? this.attributes.value ?? ""; }
  set value(value) { this.own = String(value); }
  get length() { return this.children.length; }
  get textContent() {
    return this.tagName === "#TEXT" ? this.words : this.children.map(c => c.textContent).join("");
  }
  set textContent(words) { this.replaceChildren(words); }
  append(...nodes) {
    for (let node of nodes) {
      if (typeof node === "string") {
        const text = new Node("#text");
        text.words = node;
        node = text;
      }
      node.parent = this;
      this.children.push(node);
    }
  }
  replaceChildren(...nodes) { this.children = []; this.append(...nodes); }
  remove() { this.parent.children = this.parent.children.filter(node => node !== this); }
  attachShadow() {
    if (this.shadow) throw new Error("This box has a stepper already.");
    this.shadow = new Node("root");
    return this.shadow;
  }
  all(test) { return [this, ...this.children.flatMap(node => node.all(test))].filter(test); }
  is(selector) {
    const [tag, name] = selector.split(".");
    return (!tag || this.tagName === tag.toUpperCase()) &&
      (!name || (this.attributes.class ?? "").split(" ").includes(name));
  }
  querySelector(selector) { return this.all(n => n !== this && n.is(selector))[0] ?? null; }
  closest(selector) { return this.is(selector) ? this : this.parent?.closest(selector) ?? null; }
  addEventListener(name, action) { (this.listeners[name] ??= []).push(action); }
  send(name, event = {}) {
    event.target ??= this;
    event.preventDefault = () => { event.prevented = true; };
    event.stopPropagation = () => { event.stopped = true; };
    for (const action of this.listeners[name] ?? []) action(event);
    if (!event.stopped && this.parent) this.parent.send(name, event);
    return event;
  }
  focus() {}
  select() {}
  getBoundingClientRect() { return {left: 0, right: 0}; }
}

const document = {
  boxes: [],
  createElement: tag => new Node(tag),
  createElementNS: (_, tag) => new Node(tag),
  querySelectorAll: selector => document.boxes.filter(box =>
    selector === ".name" || !("data-stepper" in box.attributes)),
  addEventListener() {},
};
const location = {hash: ""};
const history = {replaceState: (_, __, hash) => { location.hash = hash; }};
const heard = {};
const addEventListener = (name, action) => { heard[name] = action; };
const matchMedia = () => ({addEventListener() {}});
const getComputedStyle = () => ({color: "rgb(0, 0, 0)"});
class ResizeObserver { observe() {} }

const waiting = new Map();
let ids = 0;
globalThis.setTimeout = action => { waiting.set(++ids, action); return ids; };
globalThis.clearTimeout = id => waiting.delete(id);
// The clock goes on to the next beat; false if nobody waits for it.
function beat() {
  const [next] = waiting;
  if (!next) return false;
  waiting.delete(next[0]);
  next[1]();
  return true;
}

let root; // of the newest stepper
function open(spec) {
  const box = new Node("div");
  document.boxes.push(box);
  upgrade("name", spec, "");
  root = box.shadow;
}

const find = selector => root.querySelector(selector);
const labelled = label => root.all(n => (n.attributes["aria-label"] ?? "").startsWith(label))[0];
const cell = (table, row, column) => find("table." + table).all(n => n.tagName === "TD" &&
  n.attributes["data-row"] === String(row) && n.attributes["data-column"] === String(column))[0];
const press = (key, at = find("section"), more = {}) => at.send("keydown", {key, ...more});
const click = node => node.send("click");
const button = words => root.all(n => n.tagName === "BUTTON" && n.textContent === words)[0];
function choose(index, value) {
  const select = root.all(n => n.tagName === "SELECT")[index];
  select.value = value;
  select.send("change");
}
const pick = (name, value) => root.all(n => n.attributes.name === name &&
  n.attributes.value === String(value))[0].send("change");

// Everything that can be read on the screen.
function seen() {
  const rows = name => find("table." + name).all(n => n.tagName === "TR")
    .map(tr => tr.children.filter(n => n.tagName === "TD" && "data-row" in n.attributes))
    .filter(tr => tr.length);
  const number = words => Number(words.replace("−", "-"));
  const canvas = rows("canvas"), places = key => canvas.flat().filter(n => key in n.attributes)
    .map(n => [Number(n.attributes["data-row"]), Number(n.attributes["data-column"])]);
  return JSON.stringify({
    canvas: canvas.map(tr => tr.map(td => Number(td.attributes["data-value"]))),
    shown: canvas.map(tr => tr.map(td => number(td.children[0].textContent))),
    small: canvas.flat().map(td => td.children[1].textContent).filter(words => words),
    window: places("data-new"), overlap: places("data-over"), cut: places("data-cut"),
    input: rows("input").map(tr => tr.map(td => number(td.textContent))),
    kernel: rows("kernel").map(tr => tr.map(td => number(td.textContent))),
    product: rows("product").map(tr => tr.map(td => td.textContent)),
    now: rows("input").flat().filter(n => "data-now" in n.attributes)
      .map(n => [Number(n.attributes["data-row"]), Number(n.attributes["data-column"])]),
    value: find(".value").textContent,
    step: find("strong").textContent,
    where: find("p.where").textContent.trim(),
    said: find("p.hidden").textContent,
    sums: root.all(n => n.tagName === "LI").map(li => li.textContent),
    formulas: find(".formulas").children.map(p => p.textContent),
    remarks: find(".remarks").textContent,
    note: find(".note").textContent,
    playing: find("button.play").attributes["aria-label"],
    example: root.all(n => n.tagName === "SELECT")[0].value,
    hash: location.hash,
  });
}
