import { runEngine } from './engine.mjs'

const LEAST = 100_000

export const decidingStages = {
  name: 'deciding stages (routes, inhibition, times, silences), alerts a second',
  bar: `>= ${LEAST.toLocaleString('en')}`,
  async run() {
    const { median, slowest } = await runEngine('stages-engine')
    const text = (rate) => Math.round(rate / 1000) * 1000
    return {
      ours: `${text(median).toLocaleString('en')} (slowest round ${text(slowest).toLocaleString('en')})`,
      pass: median >= LEAST,
    }
  },
}
