/** Numbers that look random and come again with the same seed (xoshiro128**, Blackman and Vigna). */
export class Random {
  #a
  #b
  #c
  #d

  constructor(seed) {
    // SplitMix32 spreads neighbouring seeds over the whole state.
    let state = seed >>> 0
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** A whole number of 32 bits. */
  word() {
    const times5 = Math.imul(this.#b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** 0 to 1, 1 excluded, with 53 bits. */
  share() {
    return ((this.word() >>> 5) * 67_108_864 + (this.word() >>> 6)) / 2 ** 53
  }

  /** From a normal distribution with mean 0 and deviation 1 (Box and Muller). */
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.share()))
    return radius * Math.cos(2 * Math.PI * this.share())
  }
}

const TABLE = 4096

/** Draws from a Poisson distribution: a table of its quantiles, made once for each mean. */
export function poisson(mean) {
  const quantiles = new Uint16Array(TABLE)
  let count = 0
  let term = Math.exp(-mean)
  let reached = term
  for (let i = 0; i < TABLE; i++) {
    while (reached < (i + 0.5) / TABLE) {
      count++
      term *= mean / count
      reached += term
    }
    quantiles[i] = count
  }
  return (random) => quantiles[random.word() >>> 20]
}
