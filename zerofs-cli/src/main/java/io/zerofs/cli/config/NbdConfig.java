// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.nbd.NbdTls;
import io.zerofs.server.net.AddressRange;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.TlsServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The NBD server. */
public record NbdConfig(
        @Inlined("port = 10809") ListenConfig tcp,

        @Inlined UnixSocketConfig socket,

        @Inlined ExportConfig export,

        @Setting("Certificate of the server for TLS, a PEM file. The daemon reads it at each start.")
        Optional<Path> tlsCertificate,

        @Setting("Key of the certificate, a PEM file (PKCS#8, not encrypted).")
        Optional<Path> tlsKey,

        @Setting("Authorities of the clients' certificates, a PEM file. Without it clients need no certificate.")
        Optional<Path> tlsClientCa,

        @Setting("Whether clients over TCP must use TLS. Default: `true` with `tls_certificate`, which it needs.")
        Optional<Boolean> tlsRequired) {
    private static final Optional<List<AddressRange>> ALL =
            Optional.of(List.of(AddressRange.parse("0.0.0.0/0"), AddressRange.parse("::/0")));

    public NbdConfig {
        if (tlsCertificate.isPresent() != tlsKey.isPresent()) {
            throw new IllegalArgumentException("tls_certificate and tls_key belong together");
        }
        if (tlsClientCa.isPresent() && tlsCertificate.isEmpty()) {
            throw new IllegalArgumentException("tls_client_ca needs tls_certificate and tls_key");
        }
        if (tlsRequired.orElse(false) && tlsCertificate.isEmpty()) {
            throw new IllegalArgumentException("tls_required needs tls_certificate and tls_key");
        }
    }

    /**
     * Reads the certificate.
     *
     * @throws IllegalArgumentException if it cannot be used
     */
    public Optional<NbdTls> tls() {
        return tlsCertificate.map(certificate ->
                new NbdTls(TlsServer.open(certificate, tlsKey.orElseThrow(), tlsClientCa), tlsRequired.orElse(true)));
    }

    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        // A client with a certificate of ours is known at any address.
        boolean known = tlsClientCa.isPresent() && tlsRequired.orElse(true);
        List<ListenAddress> all = new ArrayList<>();
        for (ListenAddress.Tcp each : tcp.tcp()) {
            all.add(known && each.isOpenToAll() ? each.allowing(ALL) : each);
        }
        socket.unix().ifPresent(all::add);
        return all;
    }
}
