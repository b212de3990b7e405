// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import java.nio.ByteBuffer;

/**
 * The place of a piece in its object. It is the nonce, so no two pieces of an object may share one.
 *
 * @param piece number within the domain: the slot of a frame, 0 for a section
 * @param page number within the piece
 * @param last marks the last page of a section, so that a section cannot be cut short
 */
public record Position(Domain domain, int piece, int page, boolean last) {
    private static final int LAST_MARK = 0x8000_0000;

    /** The parts of an object. A code never gets a second meaning. */
    public enum Domain {
        LOG(1, "log"),
        FRAME(2, "frame"),
        MANIFEST(3, "body"),
        TABLE(4, "table");

        private final int code;
        private final String word;

        Domain(int code, String word) {
            this.code = code;
            this.word = word;
        }
    }

    public Position {
        if (piece < 0 || page < 0) {
            throw new IllegalArgumentException("piece and page are not negative");
        }
    }

    byte[] nonce() {
        return ByteBuffer.allocate(Aead.NONCE_BYTES)
                .putInt(domain.code)
                .putInt(piece)
                .putInt(last ? page | LAST_MARK : page)
                .array();
    }

    @Override
    public String toString() {
        return domain.word + (domain == Domain.FRAME ? " " + piece : "") + " page " + page;
    }
}
