/**
 * DynamoDB's expressions (developer guide, "Condition and filter expressions" and "Update expressions"), as far as the product's stores use them. No library
 * evaluates them outside of a whole emulator.
 */

/** A path into an item: attribute names, the first at the top. */
export type Path = readonly string[];

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'if-not-exists'; readonly path: Path; readonly otherwise: Operand }
  | { readonly kind: 'sum'; readonly left: Operand; readonly right: Operand; readonly sign: 1 | -1 };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly inner: Condition }
  | { readonly kind: 'compare'; readonly operator: string; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'exists'; readonly path: Path; readonly isWanted: boolean }
  | { readonly kind: 'begins-with'; readonly path: Path; readonly prefix: Operand }
  | { readonly kind: 'between'; readonly value: Operand; readonly from: Operand; readonly to: Operand };

/** What an update does: each action of each clause, in order. */
export type UpdateAction =
  | { readonly kind: 'set'; readonly path: Path; readonly to: Operand }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'add'; readonly path: Path; readonly value: Operand };

export type Names = Readonly<Record<string, string>>;

const TOKEN = /\s*(<=|>=|<>|[()=<>,+.-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)/y;

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const [, token] = TOKEN.exec(expression) ?? [];
    if (token === undefined) throw new SyntaxError(`the expression ${expression} cannot be read`);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #names: Names;
  #at = 0;

  constructor(expression: string, names: Names) {
    this.#tokens = tokensOf(expression);
    this.#names = names;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Keywords compare without case. */
  isNext(token: string): boolean {
    return this.#tokens[this.#at]?.toUpperCase() === token.toUpperCase();
  }

  takeIf(token: string): boolean {
    if (!this.isNext(token)) return false;
    this.#at += 1;
    return true;
  }

  take(token?: string): string {
    const next = this.#tokens[this.#at];
    if (next === undefined || (token !== undefined && !this.isNext(token))) {
      throw new SyntaxError(`${token ?? 'more'} was expected instead of ${next ?? 'the end'}`);
    }
    this.#at += 1;
    return next;
  }

  path(): Path {
    const path = [this.#name()];
    while (this.takeIf('.')) path.push(this.#name());
    return path;
  }

  #name(): string {
    const token = this.take();
    if (!token.startsWith('#')) return token;
    const name = this.#names[token];
    if (name === undefined) throw new SyntaxError(`the name ${token} is not defined`);
    return name;
  }

  operand(): Operand {
    let operand = this.#term();
    while (this.isNext('+') || this.isNext('-')) {
      const sign = this.take() === '+' ? 1 : -1;
      operand = { kind: 'sum', left: operand, right: this.#term(), sign };
    }
    return operand;
  }

  #term(): Operand {
    if (this.takeIf('if_not_exists')) {
      this.take('(');
      const path = this.path();
      this.take(',');
      const otherwise = this.operand();
      this.take(')');
      return { kind: 'if-not-exists', path, otherwise };
    }
    const token = this.#tokens[this.#at] ?? '';
    return token.startsWith(':') ? { kind: 'value', name: this.take() } : { kind: 'path', path: this.path() };
  }

  condition(): Condition {
    let left = this.#conjunction();
    while (this.takeIf('OR')) left = { kind: 'or', left, right: this.#conjunction() };
    return left;
  }

  #conjunction(): Condition {
    let left = this.#negation();
    while (this.takeIf('AND')) left = { kind: 'and', left, right: this.#negation() };
    return left;
  }

  #negation(): Condition {
    return this.takeIf('NOT') ? { kind: 'not', inner: this.#negation() } : this.#comparison();
  }

  #comparison(): Condition {
    if (this.takeIf('(')) {
      const inner = this.condition();
      this.take(')');
      return inner;
    }
    for (const [name, isWanted] of [
      ['attribute_exists', true],
      ['attribute_not_exists', false],
    ] as const) {
      if (!this.takeIf(name)) continue;
      this.take('(');
      const path = this.path();
      this.take(')');
      return { kind: 'exists', path, isWanted };
    }
    if (this.takeIf('begins_with')) {
      this.take('(');
      const path = this.path();
      this.take(',');
      const prefix = this.operand();
      this.take(')');
      return { kind: 'begins-with', path, prefix };
    }
    const left = this.operand();
    if (this.takeIf('BETWEEN')) {
      const from = this.operand();
      this.take('AND');
      return { kind: 'between', value: left, from, to: this.operand() };
    }
    const operator = this.take();
    if (!['=', '<>', '<', '<=', '>', '>='].includes(operator)) throw new SyntaxError(`${operator} compares nothing`);
    return { kind: 'compare', operator, left, right: this.operand() };
  }

  #action(clause: string): UpdateAction {
    const path = this.path();
    if (clause === 'REMOVE') return { kind: 'remove', path };
    if (clause === 'ADD') return { kind: 'add', path, value: this.operand() };
    this.take('=');
    return { kind: 'set', path, to: this.operand() };
  }

  update(): UpdateAction[] {
    const actions: UpdateAction[] = [];
    while (!this.isAtEnd) {
      const clause = this.take().toUpperCase();
      if (!['SET', 'REMOVE', 'ADD'].includes(clause)) throw new SyntaxError(`${clause} updates nothing`);
      do actions.push(this.#action(clause));
      while (this.takeIf(','));
    }
    return actions;
  }
}

function parsed<T>(expression: string, names: Names, parse: (parser: Parser) => T): T {
  const parser = new Parser(expression, names);
  const result = parse(parser);
  if (!parser.isAtEnd) throw new SyntaxError(`the expression ${expression} goes on after its end`);
  return result;
}

export const parseCondition = (expression: string, names: Names = {}): Condition =>
  parsed(expression, names, (parser) => parser.condition());

export const parseUpdate = (expression: string, names: Names = {}): UpdateAction[] =>
  parsed(expression, names, (parser) => parser.update());
