export * from "./compile/index.js";
export * from "./expression/index.js";
export * from "./linear/cholesky.js";
export * from "./linear/dense.js";
export * from "./linear/expm.js";
export * from "./linear/symmetric-eigen.js";
export * from "./ode/index.js";
export * from "./stochastic/index.js";
