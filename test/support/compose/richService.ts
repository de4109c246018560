/**
 * A service with whatever a compose file may say of it and engines since 20.10 know; no task of it runs. `deploy` and
 * `more` come last, at their own places.
 */
export function richCompose(image: string, { more = '', deploy = '' } = {}): string {
  return `
services:
  rich:
    image: ${image}
    entrypoint: [/bin/entry, --flag]
    command: [serve, "--listen=:80", ""]
    hostname: rich
    working_dir: /srv
    user: "1000:1000"
    tty: true
    stdin_open: true
    read_only: true
    init: true
    stop_signal: SIGINT
    stop_grace_period: 1m30s
    environment: [B=2, A=1, EMPTY=, "TEXT=a=b c"]
    extra_hosts: ["db:10.9.0.2", "cache:10.9.0.1"]
    dns: [10.9.0.53, 10.9.0.3]
    dns_search: [b.example, a.example]
    labels: { tier: front, empty: "" }
    cap_add: [NET_ADMIN, CHOWN]
    cap_drop: [MKNOD]
    sysctls: { net.core.somaxconn: "1024" }
    ulimits: { nproc: 512, nofile: { soft: 1024, hard: 2048 } }
    logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }
    healthcheck: { test: [CMD, "true"], interval: 10s, timeout: 3s, retries: 4, start_period: 1s }
    networks: { side: { aliases: [z, a] }, back: { aliases: [rich-back] } }
    ports:
      - { target: 81, published: 8181, protocol: udp, mode: host }
      - { target: 80, published: 8180, mode: host }
      - { target: 82, mode: host }
    configs: [settings, { source: other, target: /etc/other, uid: "103", gid: "104", mode: 0440 }]
    secrets: [{ source: key, target: /run/key, mode: 0400 }]
    volumes:
      - { type: tmpfs, target: /scratch, tmpfs: { size: 1048576 } }
      - data:/var/data
      - driven:/var/driven
      - /etc/hostname:/etc/host:ro
      - { type: bind, source: /srv, target: /srv/shared, bind: { propagation: rshared } }
      - { type: volume, source: data, target: /var/more, volume: { nocopy: true } }
      - /var/anonymous
    ${more}
    deploy:
      endpoint_mode: dnsrr
      labels: { traefik.enable: "true", owner: us }
      placement:
        constraints: [node.role == worker, node.hostname != none]
        preferences: [{ spread: node.labels.rack }, { spread: node.labels.room }]
        max_replicas_per_node: 2
      resources:
        limits: { cpus: "0.50", memory: 64M, pids: 100 }
        reservations:
          cpus: "0.05"
          memory: 8M
          generic_resources: [{ discrete_resource_spec: { kind: gpu, value: 2 } }]
      restart_policy: { condition: on-failure, delay: 0s, max_attempts: 3, window: 2m }
      update_config: { parallelism: 0, delay: 1s, failure_action: rollback, monitor: 6s, max_failure_ratio: 0.15, order: start-first }
      rollback_config: { parallelism: 2, monitor: 7s, max_failure_ratio: 0.3 }
      ${deploy === '' ? 'replicas: 0' : deploy}
  plain:
    image: ${image}
    deploy: { replicas: 0, endpoint_mode: dnsrr, update_config: {}, restart_policy: {}, resources: {} }
  every:
    image: ${image}
    init: false
    healthcheck: { disable: true }
    networks: [back]
    deploy: { mode: global, placement: { constraints: [node.hostname == none] }, endpoint_mode: dnsrr }
  hosted:
    image: ${image}
    networks: [host]
    deploy: { replicas: 0, endpoint_mode: dnsrr }
networks: { host: { external: true }, back: {}, side: { attachable: true } }
configs: { settings: { content: rich=1 }, other: { content: b=2 } }
secrets: { key: { content: rich } }
volumes: { data: {}, driven: { driver: local, driver_opts: { type: tmpfs, device: tmpfs }, labels: { kept: "no" } } }
`;
}
