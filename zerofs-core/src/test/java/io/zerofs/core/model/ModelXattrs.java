// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.XattrMode;
import java.util.Set;

/** The rules of xattr(7). */
final class ModelXattrs {
    private static final Set<String> LISTS = Set.of("system.posix_acl_access", "system.posix_acl_default");

    private ModelXattrs() {}

    private static void check(boolean fine, FsError otherwise) throws FsException {
        if (!fine) {
            throw otherwise.exception();
        }
    }

    private static int listBytes(ModelNode node) {
        return node.xattrs.keySet().stream().mapToInt(name -> name.length() + 1).sum();
    }

    static String requireKnown(FileName name) throws FsException {
        String text = name.toString();
        if (LISTS.contains(text)) {
            return "acl";
        }
        for (String space : new String[] {"user", "trusted", "security"}) {
            if (text.startsWith(space + ".")) {
                check(text.length() > space.length() + 1, FsError.INVALID);
                return space;
            }
        }
        throw FsError.NOT_SUPPORTED.exception();
    }

    static void requireRead(Credentials who, ModelNode node, FileName name) throws FsException {
        String space = requireKnown(name);
        if (space.equals("user")) {
            check(hasUserAttributes(node), FsError.NO_ATTRIBUTE);
            check((ModelPermissions.bits(who, node) & 4) != 0, FsError.ACCESS_DENIED);
        }
        check(!space.equals("trusted") || who.uid() == 0, FsError.NO_ATTRIBUTE);
    }

    static void requireWrite(Credentials who, ModelNode node, FileName name) throws FsException {
        boolean owner = who.uid() == 0 || who.uid() == node.uid;
        switch (requireKnown(name)) {
            case "user" -> {
                check(hasUserAttributes(node), FsError.NOT_PERMITTED);
                boolean sticky = node.isDirectory() && (node.mode & 01000) != 0;
                check(!sticky || owner, FsError.NOT_PERMITTED);
                check((ModelPermissions.bits(who, node) & 2) != 0, FsError.ACCESS_DENIED);
            }
            case "acl" -> check(owner, FsError.NOT_PERMITTED);
            default -> check(who.uid() == 0, FsError.NOT_PERMITTED);
        }
    }

    static void requirePlace(ModelNode node, FileName name, XattrMode mode) throws FsException {
        boolean defaultList = name.toString().equals("system.posix_acl_default");
        check(!defaultList || node.isDirectory(), FsError.ACCESS_DENIED);
        boolean exists = node.xattrs.containsKey(name);
        check(!exists || mode != XattrMode.CREATE, FsError.EXISTS);
        check(exists || mode != XattrMode.REPLACE, FsError.NO_ATTRIBUTE);
        check(exists || listBytes(node) + name.length() + 1 <= 65_536, FsError.NO_SPACE);
    }

    private static boolean hasUserAttributes(ModelNode node) {
        return node.kind == FileKind.REGULAR || node.isDirectory();
    }
}
