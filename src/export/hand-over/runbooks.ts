import { defineDocument } from './document.ts'

/** The pages that alerts name as their runbook. */
export const runbooks = defineDocument({
  key: 'runbooks',
  summary: 'The runbooks stand where alerts name them.',
  files: ({ runbooks: pages }) => pages,
  report: ({ externalUrl }) => [
    {
      what: 'runbooks of shipped alerts',
      outcome: 'changed',
      text: `alerts name them as docs/runbooks/….md; midwatch serves them below ${externalUrl}, later put them where your team reads and set runbook_url`,
    },
  ],
})
