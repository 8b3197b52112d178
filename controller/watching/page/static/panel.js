// A panel over the page: it takes the focus, Esc closes it, and the focus goes back to where it came from.

const open = [];

export class Panel {
  /** @param node the panel. @param closed called after it was closed. */
  constructor(node, closed = () => {}) {
    this.node = node;
    this.closed = closed;
    this.opener = null;
  }

  get isOpen() {
    return !this.node.hidden;
  }

  show(first = this.node) {
    if (!this.isOpen) this.opener = document.activeElement;
    this.node.hidden = false;
    if (!open.includes(this)) open.push(this);
    first.focus({ preventScroll: true });
  }

  /** @param back whether the focus returns to what had it before. */
  close(back = true) {
    if (!this.isOpen) return;
    const inside = this.node.contains(document.activeElement) || document.activeElement === document.body;
    this.node.hidden = true;
    open.splice(open.indexOf(this), 1);
    if (back && inside && this.opener?.isConnected) this.opener.focus({ preventScroll: true });
    this.closed();
  }
}

/** Close the newest panel; false where none is open. */
export function closeNewest() {
  const newest = open.at(-1);
  newest?.close();
  return Boolean(newest);
}
