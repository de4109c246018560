/**
 * The application of the document that the project comes from (procedures.md 001): base, production,
 * health checks, update settings, and versions, each a file of its own; as people write them.
 */
export const numbers = {
  base: `
services:
  numbers-api:
    image: diamol/ch08-numbers-api:\${RELEASE:-v3}
    networks: [app-net]

  numbers-web:
    image: diamol/ch08-numbers-web:\${RELEASE:-v3}
    environment:
      - RngApi__Url=http://numbers-api/rng
    ports:
      - "80:80"
    networks:
      - app-net

networks:
  app-net:
`,
  prod: `
services:
  numbers-api:
    deploy:
      replicas: 6
      resources:
        limits: { cpus: "0.50", memory: 75M }
  numbers-web:
    ports:
      - target: 80
        published: "80"
        mode: host
    deploy:
      mode: global
      resources:
        limits:
          cpus: 0.75
          memory: 150M
networks:
  app-net:
    name: numbers-prod
`,
  healthcheck: `
services:
  numbers-api:
    healthcheck:
      test: ["CMD", "dotnet", "Utilities.HttpCheck.dll", "-u", "http://localhost/health", "-t", "500"]
      interval: 2s
      timeout: 3s
      retries: 2
      start_period: 5s
`,
  update: `
services:
  numbers-api:
    deploy:
      update_config:
        parallelism: 3
        monitor: 60s
        failure_action: rollback
        order: start-first
  numbers-web:
    deploy:
      update_config: &slowly { parallelism: 1, monitor: 1m30s, failure_action: rollback, order: stop-first }
      rollback_config:
        parallelism: 2
        monitor: 10s
        failure_action: continue
        order: stop-first
`,
  bad: `
services:
  numbers-api:
    image: diamol/ch08-numbers-api:v5-bad
    command: ["dotnet", "Missing.dll"]
`,
  /** What `docker-compose config` makes of base and prod: a top-level name, ports as text. */
  configured: `
name: numbers
services:
  numbers-api:
    command: null
    entrypoint: null
    deploy:
      replicas: 6
      resources: { limits: { cpus: 0.5, memory: "78643200" } }
      placement: {}
    image: diamol/ch08-numbers-api:v3
    networks:
      app-net: null
  numbers-web:
    deploy: { mode: global }
    depends_on:
      numbers-api: { condition: service_started, required: true }
    environment:
      RngApi__Url: http://numbers-api/rng
    image: diamol/ch08-numbers-web:v3
    networks: { app-net: null }
    ports:
      - { mode: host, target: 80, published: "80", protocol: tcp }
networks:
  app-net:
    name: numbers-prod
    ipam: {}
`,
} as const;
