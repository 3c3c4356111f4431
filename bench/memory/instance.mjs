// Keeps the instances of wasm that a Worker makes.

export const instances = [];

const { Instance } = WebAssembly;

WebAssembly.Instance = function (module, imports) {
  const instance = new Instance(module, imports);
  instances.push(instance);
  return instance;
};
