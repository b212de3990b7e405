// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * Length and MD5 of a body. MD5 detects accidents, not forgery, and is the only digest that all stores know.
 *
 * @param md5 sixteen bytes
 */
public record BodyDigest(long length, byte[] md5) {
    /** Reads the buffers from position to limit and leaves both unchanged. */
    public static BodyDigest of(List<ByteBuffer> bytes) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has MD5", e);
        }
        long length = 0;
        for (ByteBuffer piece : bytes) {
            length += piece.remaining();
            digest.update(piece.duplicate());
        }
        return new BodyDigest(length, digest.digest());
    }

    public String hex() {
        return HexFormat.of().formatHex(md5);
    }

    public String base64() {
        return Base64.getEncoder().encodeToString(md5);
    }
}
