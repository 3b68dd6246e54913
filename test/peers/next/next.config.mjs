// The application is built in a temporary folder, into which node_modules is
// only linked: Turbopack compiles nothing from outside its root.
export default { turbopack: { root: '/' } };
