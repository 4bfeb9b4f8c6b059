import { instantFunction } from './instant.ts'

/** Go's `math.Max`: an infinity that decides wins over NaN. */
function larger(a: number, b: number): number {
  if (a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
  return Math.max(a, b)
}

/** Go's `math.Min`. */
function smaller(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY
  return Math.min(a, b)
}

export const arithmeticFunctions = [
  instantFunction('abs', Math.abs),
  instantFunction('ceil', Math.ceil),
  instantFunction('floor', Math.floor),
  instantFunction('exp', Math.exp),
  instantFunction('sqrt', Math.sqrt),
  instantFunction('ln', Math.log),
  instantFunction('log2', Math.log2),
  instantFunction('log10', Math.log10),
  instantFunction('sgn', (value) => (value > 0 ? 1 : value < 0 ? -1 : value)),
  // Dividing by the inverse instead of multiplying gives fewer inexact results for steps such as 0.1.
  instantFunction(
    'round',
    (value, nearest) => {
      const inverse = 1 / nearest
      return Math.floor(value * inverse + 0.5) / inverse
    },
    { scalars: 1, defaultScalar: 1 },
  ),
  instantFunction('clamp', (value, low, high) => larger(low, smaller(high, value)), {
    scalars: 2,
    keeps: (low, high) => !(high < low),
  }),
  instantFunction('clamp_min', (value, low) => larger(low, value), { scalars: 1 }),
  instantFunction('clamp_max', (value, high) => smaller(high, value), { scalars: 1 }),
]

export const trigonometricFunctions = [
  instantFunction('sin', Math.sin),
  instantFunction('cos', Math.cos),
  instantFunction('tan', Math.tan),
  instantFunction('asin', Math.asin),
  instantFunction('acos', Math.acos),
  instantFunction('atan', Math.atan),
  instantFunction('sinh', Math.sinh),
  instantFunction('cosh', Math.cosh),
  instantFunction('tanh', Math.tanh),
  instantFunction('asinh', Math.asinh),
  instantFunction('acosh', Math.acosh),
  instantFunction('atanh', Math.atanh),
  instantFunction('rad', (value) => (value * Math.PI) / 180),
  instantFunction('deg', (value) => (value * 180) / Math.PI),
]
