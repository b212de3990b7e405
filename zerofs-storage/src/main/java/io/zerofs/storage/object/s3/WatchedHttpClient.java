// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.Traffic;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * Reports each attempt and its bytes, in both directions, to {@link Traffic}. Thread-safe.
 *
 * <p>The SDK asks the store before it sends a large body ({@code Expect: 100-continue}), which costs a round trip. This
 * client asks only after such a request failed. A store that hangs up in the middle of a body can then say why.
 */
final class WatchedHttpClient implements SdkHttpClient {
    private static final String EXPECT = "Expect";

    private final SdkHttpClient client;
    private final Traffic traffic;

    /** Whether the next large body waits until the store has agreed to take it. */
    private volatile boolean asksFirst;

    /** @param client closed together with this */
    WatchedHttpClient(SdkHttpClient client, Traffic traffic) {
        this.client = client;
        this.traffic = traffic;
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        return new Attempt(request);
    }

    @Override
    public String clientName() {
        return client.clientName();
    }

    @Override
    public void close() {
        client.close();
    }

    private final class Attempt implements ExecutableHttpRequest {
        private final ExecutableHttpRequest attempt;
        private final Traffic.Transfer transfer;
        private final boolean isLarge;
        private final boolean asks;

        Attempt(HttpExecuteRequest request) {
            long bodyBytes = request.httpRequest()
                    .firstMatchingHeader("Content-Length")
                    .map(Long::parseLong)
                    .orElse(0L);
            isLarge = request.httpRequest().firstMatchingHeader(EXPECT).isPresent();
            asks = isLarge && asksFirst;
            transfer = traffic.attempt(bodyBytes, this::abort);
            HttpExecuteRequest.Builder counted = HttpExecuteRequest.builder()
                    .request(
                            isLarge && !asks
                                    ? request.httpRequest().toBuilder()
                                            .removeHeader(EXPECT)
                                            .build()
                                    : request.httpRequest());
            request.contentStreamProvider().ifPresent(body -> counted.contentStreamProvider(counting(body)));
            request.metricCollector().ifPresent(counted::metricCollector);
            attempt = client.prepareRequest(counted.build());
        }

        private ContentStreamProvider counting(ContentStreamProvider body) {
            return () -> new Counting(body.newStream(), transfer) {
                @Override
                void count(int bytes) {
                    transfer.sent(bytes);
                }
            };
        }

        @Override
        public HttpExecuteResponse call() throws IOException {
            transfer.begin();
            boolean goesOn = false;
            try {
                HttpExecuteResponse response = attempt.call();
                transfer.answered(response.httpResponse().isSuccessful());
                boolean successful = response.httpResponse().isSuccessful();
                // A success without the question, of another connection, says nothing about the failed request.
                asksFirst = successful ? asksFirst && !asks : asksFirst | isLarge;
                if (response.responseBody().isEmpty()) {
                    return response;
                }
                goesOn = true;
                AbortableInputStream body = response.responseBody().get();
                return HttpExecuteResponse.builder()
                        .response(response.httpResponse())
                        .responseBody(AbortableInputStream.create(new Answer(body, transfer), () -> {
                            body.abort();
                            transfer.end();
                        }))
                        .build();
            } catch (IOException e) {
                asksFirst |= isLarge;
                throw transfer.failure(e);
            } finally {
                if (!goesOn) {
                    transfer.end();
                }
            }
        }

        @Override
        public void abort() {
            attempt.abort();
        }
    }

    /** The answer's body. The attempt ends at its end. */
    private static final class Answer extends Counting {
        Answer(InputStream in, Traffic.Transfer transfer) {
            super(in, transfer);
        }

        @Override
        void count(int bytes) {
            if (bytes < 0) {
                transfer.end();
            } else {
                transfer.received(bytes);
            }
        }

        @Override
        public void close() throws IOException {
            try {
                super.close();
            } finally {
                transfer.end();
            }
        }
    }

    /** Counts bytes as they are read. The client reads a body only as fast as the network takes it. */
    private abstract static class Counting extends FilterInputStream {
        final Traffic.Transfer transfer;

        Counting(InputStream in, Traffic.Transfer transfer) {
            super(in);
            this.transfer = transfer;
        }

        /** @param bytes -1 at the end */
        abstract void count(int bytes);

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int bytes;
            try {
                bytes = in.read(target, offset, length);
            } catch (IOException e) {
                throw transfer.failure(e);
            }
            count(bytes);
            return bytes;
        }
    }
}
