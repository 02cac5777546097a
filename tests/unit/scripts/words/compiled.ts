// Compiles sources for tests of translations, and spells what was compiled in one form for all ways to write the same texts.
import ts from 'typescript';

/** Removes types and compiles JSX. */
export function transpiled(fileName: string, code: string): string {
  return ts.transpileModule(code, {
    fileName,
    compilerOptions: { jsx: ts.JsxEmit.ReactJSX, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
  }).outputText;
}

/** Compiles, and prints with neighbouring texts joined: `["a", " b"]` in children, `'a' + 'b'`, and a template without insertions. */
export function canonical(fileName: string, code: string): string {
  const source = ts.createSourceFile('compiled.js', transpiled(fileName, code), ts.ScriptTarget.Latest, true);
  const { transformed } = ts.transform(source, [
    (context) => (file) => ts.visitEachChild(file, (node) => joined(node, context), context),
  ]);
  return transformed.map((file) => ts.createPrinter().printFile(file)).join('');
}

/** The syntax errors of a source. */
export function syntaxErrors(fileName: string, code: string): readonly string[] {
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { jsx: ts.JsxEmit.Preserve, target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

type Piece = string | ts.Expression;

function joined(node: ts.Node, context: ts.TransformationContext): ts.Node {
  const isTagged = node.parent !== undefined && ts.isTaggedTemplateExpression(node.parent);
  const pieces = ts.isExpression(node) && !isTagged ? piecesOf(node) : null;
  if (pieces !== null) {
    const inner = (piece: ts.Expression) => ts.visitNode(piece, (part) => joined(part, context), ts.isExpression);
    return templateOf(pieces.map((piece) => (typeof piece === 'string' ? piece : (inner(piece) ?? piece))), context.factory); // prettier-ignore
  }
  const visited = ts.visitEachChild(node, (child) => joined(child, context), context);
  if (ts.isPropertyAssignment(visited) && ts.isIdentifier(visited.name) && visited.name.text === 'children') {
    return withChildren(visited, context);
  }
  return ts.isIdentifier(visited) && visited.text === '_jsxs' ? context.factory.createIdentifier('_jsx') : visited;
}

/** Splits a string, a template or a sum of these into fixed and computed pieces; null for anything else. */
function piecesOf(node: ts.Expression): readonly Piece[] | null {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    return [node.head.text, ...node.templateSpans.flatMap(({ expression, literal }) => [expression, literal.text])];
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return null;
  const [left, right] = [piecesOf(node.left), piecesOf(node.right)];
  return left === null || right === null ? null : [...left, ...right];
}

function templateOf(pieces: readonly Piece[], factory: ts.NodeFactory): ts.Expression {
  const joinedPieces: Piece[] = [];
  for (const piece of pieces.filter((each) => each !== '')) {
    const last = joinedPieces.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') joinedPieces.splice(-1, 1, last + piece);
    else joinedPieces.push(piece);
  }
  return factory.createCallExpression(
    factory.createIdentifier('text'),
    [],
    joinedPieces.map((piece) => (typeof piece === 'string' ? factory.createStringLiteral(piece) : piece)),
  );
}

function withChildren(node: ts.PropertyAssignment, { factory }: ts.TransformationContext): ts.Node {
  const { initializer } = node;
  if (!ts.isArrayLiteralExpression(initializer)) return node;
  const children: ts.Expression[] = [];
  for (const child of initializer.elements) {
    const [text, before] = [textOf(child), textOf(children.at(-1))];
    if (text !== null && before !== null) children.splice(-1, 1, templateOf([before + text], factory));
    else children.push(child);
  }
  const [only] = children;
  const value = children.length === 1 && only !== undefined ? only : factory.createArrayLiteralExpression(children);
  return factory.updatePropertyAssignment(node, node.name, value);
}

/** The text of what `templateOf` makes of a string without insertions. */
function textOf(node: ts.Expression | undefined): string | null {
  if (node === undefined || !ts.isCallExpression(node) || node.arguments.length !== 1) return null;
  const [text] = node.arguments;
  const isText = ts.isIdentifier(node.expression) && node.expression.text === 'text';
  return isText && text !== undefined && ts.isStringLiteral(text) ? text.text : null;
}
