import ts from 'typescript';

/**
 * What a module exports, with its docstrings, read by the TypeScript compiler: classes, interfaces,
 * functions and types, in the order of the module's own exports.
 */
export function readModule(file, configFile) {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configFile, ts.sys.readFile).config,
    ts.sys,
    '.',
  );
  const program = ts.createProgram([file], { ...options, incremental: false, noEmit: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} cannot be read`);
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .map((symbol) => describe(checker, symbol));
}

function describe(checker, symbol) {
  const declaration = symbol.declarations[0];
  const base = { name: symbol.name, doc: docOf(checker, symbol) };
  if (ts.isClassDeclaration(declaration)) {
    return { ...base, kind: 'class', members: publicFields(checker, declaration) };
  }
  if (ts.isInterfaceDeclaration(declaration)) {
    const members = checker
      .getDeclaredTypeOfSymbol(symbol)
      .getProperties()
      .map((member) => describeMember(checker, member));
    return { ...base, kind: 'interface', members };
  }
  if (ts.isFunctionDeclaration(declaration)) {
    const parameters = declaration.parameters.map((one) => one.getText()).join(', ');
    return {
      ...base,
      kind: 'function',
      signature: `${symbol.name}(${parameters}): ${declaration.type?.getText() ?? 'void'}`,
    };
  }
  return { ...base, kind: 'type', text: declaration.type?.getText() ?? '' };
}

/** What the class itself gives its user: its own fields that are neither private nor inherited. */
function publicFields(checker, declaration) {
  return declaration.members
    .filter(ts.isPropertyDeclaration)
    .filter(
      (member) =>
        !member.modifiers?.some(({ kind }) =>
          [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword].includes(kind),
        ),
    )
    .map((member) => describeMember(checker, checker.getSymbolAtLocation(member.name)));
}

function describeMember(checker, symbol) {
  const declaration = symbol.declarations[0];
  const isMethod = ts.isMethodSignature(declaration);
  return {
    name: symbol.name,
    isOptional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
    type: isMethod
      ? `(${declaration.parameters.map((one) => one.getText()).join(', ')}) => ${declaration.type.getText()}`
      : (declaration.type?.getText() ?? ''),
    doc: docOf(checker, symbol),
  };
}

/** One line; a docstring is wrapped at the width of the source, which means nothing elsewhere. */
function docOf(checker, symbol) {
  return ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' ').trim())
    .join('\n\n');
}
