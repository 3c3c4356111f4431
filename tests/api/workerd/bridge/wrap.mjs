// Wraps every function that wasm imports from JavaScript, before the Worker makes its instance.

/** How often each was called. */
export const calls = {};

/** The latest instance. */
export let instance;

const { Instance } = WebAssembly;

function wrap(name, imported) {
  return (...values) => {
    calls[name] = (calls[name] ?? 0) + 1;
    return imported(...values);
  };
}

WebAssembly.Instance = function (module, imports) {
  const wrapped = {};
  for (const [from, members] of Object.entries(imports)) {
    wrapped[from] = {};
    for (const [name, member] of Object.entries(members)) {
      wrapped[from][name] = typeof member === "function" ? wrap(name, member) : member;
    }
  }
  instance = new Instance(module, wrapped);
  return instance;
};
