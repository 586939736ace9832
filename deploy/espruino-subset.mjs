/**
 * The JavaScript that Espruino knows, as far as the sensor head needs it: a list of what is allowed. What is not on it is
 * refused, whether Espruino might know it or not.
 *
 * in: the text of a script → out: what leaves the list, with its line. Looks at the syntax tree, at names that nobody
 * declares, and at members that neither the script nor Espruino has.
 */
import { parse } from "acorn";

const NODES = new Set(
  `Program ExpressionStatement BlockStatement EmptyStatement VariableDeclaration VariableDeclarator
  FunctionDeclaration FunctionExpression ArrowFunctionExpression ReturnStatement IfStatement ForStatement ForInStatement
  ForOfStatement WhileStatement DoWhileStatement BreakStatement ContinueStatement SwitchStatement SwitchCase
  ThrowStatement TryStatement CatchClause Identifier Literal ThisExpression ArrayExpression ObjectExpression Property
  MemberExpression CallExpression NewExpression UnaryExpression BinaryExpression LogicalExpression AssignmentExpression
  UpdateExpression ConditionalExpression SequenceExpression TemplateLiteral TemplateElement`.match(
    /\S+/g,
  ),
);

const OPERATORS = new Set(
  `! - + ~ void typeof delete ++ -- && || ?? == != === !== < > <= >= + - * / % & | ^ << >> >>> in instanceof
  = += -= *= /= %= &= |= ^= <<= >>= >>>=`.match(/\S+/g),
);

/** What Espruino has under these names on every board the head runs on, or on some and the head asks first. */
const GLOBALS = new Set(
  `undefined NaN Infinity arguments parseInt require print getTime pinMode setWatch setTimeout setInterval E Math
  Uint8Array Int32Array HEAD USB Serial1 Serial2 Bluetooth I2C1 I2C2 I2C3`.match(/\S+/g),
);

const STATIC = {
  Math: ["floor", "round", "abs", "min", "max"],
  E: ["CRC32", "hwRand", "enableWatchdog", "kickWatchdog", "getErrorFlags", "setConsole"],
};

/** Of strings, arrays, typed arrays, Espruino's ports and events, and of the head's settings. */
const MEMBERS = new Set(
  `length charAt charCodeAt indexOf slice push join set setup write on writeTo readFrom state time SHA256 read
  head port baud tx rx i2c sda scl interval_s key sensors pulses part address shunt_uohm pin active mode
  debounce_ms`.match(/\S+/g),
);

/** One line for each place that leaves the list: `12: async function`. */
export function findForeign(script) {
  let tree;
  try {
    tree = parse(script, { ecmaVersion: "latest", sourceType: "script", locations: true });
  } catch (error) {
    return [`${error.loc?.line ?? 1}: ${error.message}`];
  }
  const names = collectNames(tree);
  const found = [];
  walk(tree, undefined, (node, parent) => {
    const what = judge(node, parent, names);
    if (what !== undefined) found.push(`${node.loc.start.line}: ${what}`);
  });
  return found;
}

function walk(node, parent, visit) {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") walk(child, node, visit);
    }
  }
}

/** Names that the script declares, and members that it gives to its own objects. */
function collectNames(tree) {
  const declared = new Set();
  const members = new Set();
  const declare = (pattern) => {
    if (pattern?.type === "Identifier") declared.add(pattern.name);
  };
  walk(tree, undefined, (node) => {
    if (node.type === "VariableDeclarator") declare(node.id);
    if (/Function/.test(node.type)) {
      declare(node.id);
      for (const parameter of node.params) declare(parameter);
    }
    if (node.type === "CatchClause") declare(node.param);
    if (node.type === "Property" && !node.computed) members.add(node.key.name ?? node.key.value);
    const { left } = node;
    if (
      node.type === "AssignmentExpression" &&
      left.type === "MemberExpression" &&
      !left.computed
    ) {
      members.add(left.property.name);
    }
  });
  return { declared, members };
}

function judge(node, parent, { declared, members }) {
  const { type } = node;
  if (!NODES.has(type)) return type;
  if (node.async) return "async function";
  if (node.generator) return "generator";
  if (node.await) return "for await";
  if (node.optional) return "?.";
  if (node.operator !== undefined && !OPERATORS.has(node.operator)) return node.operator;
  if (node.bigint !== undefined) return "BigInt";
  if (node.regex !== undefined) return "regular expression";
  if (node.label !== undefined && node.label !== null) return "label";
  if (type === "CatchClause" && node.param === null) return "catch without a name";
  if (type === "ArrayExpression" && node.elements.includes(null)) return "hole in an array";
  if (type === "TemplateElement" && node.value.raw.includes("\n")) return "text of several lines";
  if (type === "Property" && node.computed) return "computed key";
  if (type === "Property" && node.kind !== "init") return "getter or setter";
  if (type === "Property" && node.method) return "method";
  if (type === "MemberExpression" && !node.computed) return judgeMember(node, declared, members);
  if (type === "Identifier" && isReference(node, parent)) {
    if (!declared.has(node.name) && !GLOBALS.has(node.name)) return `unknown name ${node.name}`;
  }
  return undefined;
}

function judgeMember({ object, property }, declared, members) {
  const { name } = property;
  if (object.type === "Identifier" && !declared.has(object.name) && STATIC[object.name]) {
    return STATIC[object.name].includes(name) ? undefined : `${object.name}.${name}`;
  }
  return members.has(name) || MEMBERS.has(name) ? undefined : `member ${name}`;
}

/** Not the name of a member or a key. */
function isReference(node, parent) {
  if (parent.type === "MemberExpression") return parent.computed || parent.object === node;
  return parent.type !== "Property" || parent.value === node;
}
