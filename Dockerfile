# docker build -t irpo .   then   docker run --rm -v "$PWD/runs:/runs" irpo demo --out /runs/demo
FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
RUN mvn -B -Pdist -DskipTests -Dspotless.check.skip=true -pl irpo -am package
RUN cd /opt && jar xf /src/irpo/target/irpo-*.zip && mv irpo-* irpo && chmod +x irpo/bin/irpo

FROM eclipse-temurin:25-jdk
# for several processes: docker run … --entrypoint mpirun irpo -np 4 irpo run …
RUN apt-get update && apt-get install -y --no-install-recommends openmpi-bin openssh-client \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/irpo /opt/irpo
ENV PATH="/opt/irpo/bin:${PATH}"
ENTRYPOINT ["/opt/irpo/bin/irpo"]
