// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLException;

/** A server's certificate and key, and the authority of its clients' certificates. Read once; thread-safe. */
public final class TlsServer {
    private final SslContext context;

    private TlsServer(SslContext context) {
        this.context = context;
    }

    /**
     * Reads PEM files.
     *
     * @param certificate certificate of the server, and the chain to one that clients trust
     * @param key key of the server's certificate: PKCS#8, not encrypted
     * @param clientAuthority certificates to which clients' certificates must lead; empty: clients need none
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static TlsServer open(Path certificate, Path key, Optional<Path> clientAuthority) {
        requireReadable(certificate);
        requireReadable(key);
        clientAuthority.ifPresent(TlsServer::requireReadable);
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2");
            if (clientAuthority.isPresent()) {
                builder.trustManager(clientAuthority.get().toFile()).clientAuth(ClientAuth.REQUIRE);
            }
            return new TlsServer(builder.build());
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the certificate " + certificate + " and its key " + key
                            + " cannot be used; both are PEM, the key as `openssl pkcs8 -topk8 -nocrypt` writes it: "
                            + reason(e),
                    e);
        }
    }

    private static void requireReadable(Path file) {
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(file + " is not there or cannot be read");
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause.getMessage();
    }

    /** Encrypts a connection from now on, and expects the same of its client. Call it on the event loop. */
    void secure(ChannelHandlerContext connection, Executor forHandshakes) {
        connection.pipeline().addFirst(context.newHandler(connection.alloc(), forHandshakes));
    }
}
