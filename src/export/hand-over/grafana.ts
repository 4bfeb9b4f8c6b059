import { printYaml } from '../../lib/yaml-text.ts'
import { defineDocument } from './document.ts'

/** Where Grafana finds the folder of dashboards. */
export const DASHBOARDS_FOLDER = '/etc/grafana/dashboards'

/** The dashboards, and the files by which Grafana takes them and Prometheus as its source when it starts. */
export const grafana = defineDocument({
  key: 'grafana',
  summary: 'Grafana shows the dashboards on Prometheus.',
  files({ addresses, dashboards }) {
    const source = {
      name: 'Prometheus',
      uid: 'prometheus',
      type: 'prometheus',
      access: 'proxy',
      url: `http://${addresses.prometheus}`,
      isDefault: true,
      jsonData: { httpMethod: 'POST', manageAlerts: true },
    }
    const alerts = {
      name: 'Alertmanager',
      uid: 'alertmanager',
      type: 'alertmanager',
      access: 'proxy',
      url: `http://${addresses.alertmanager}`,
      jsonData: { implementation: 'prometheus' },
    }
    const provider = {
      name: 'midwatch',
      orgId: 1,
      folder: 'midwatch',
      type: 'file',
      disableDeletion: false,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: DASHBOARDS_FOLDER },
    }
    return [
      {
        path: 'grafana/provisioning/datasources/midwatch.yaml',
        text: printYaml({ apiVersion: 1, datasources: [source, alerts] }),
      },
      {
        path: 'grafana/provisioning/dashboards/midwatch.yaml',
        text: printYaml({ apiVersion: 1, providers: [provider] }),
      },
      ...dashboards.map(({ path, text }) => ({ path: `grafana/dashboards/${path}`, text })),
    ]
  },
  report: ({ dashboards }) =>
    dashboards.map(({ path }) => ({ what: `dashboard ${path}`, outcome: 'unchanged', text: '' })),
})
