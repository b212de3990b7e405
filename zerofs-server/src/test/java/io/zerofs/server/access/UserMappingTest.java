// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.server.access.UserMapping.Squash;
import org.junit.jupiter.api.Test;

/** As whom clients act. */
class UserMappingTest {
    private static final Credentials USER = new Credentials(1000, 100, 0, 200);

    private static void assertIs(int uid, int gid, int[] groups, Credentials who) {
        assertEquals(uid, who.uid());
        assertEquals(gid, who.gid());
        assertArrayEquals(groups, who.groups());
    }

    @Test
    void withoutSquashEverybodyIsBelieved() {
        assertIs(0, 0, new int[0], UserMapping.NONE.apply(Credentials.ROOT));
        assertIs(1000, 100, new int[] {0, 200}, UserMapping.NONE.apply(USER));
        assertNull(UserMapping.NONE.apply(Credentials.ofUser(1000, 100)).groups());
    }

    @Test
    void rootIsNobodyAndNobodyIsOfItsGroup() {
        UserMapping mapping = new UserMapping(Squash.ROOT, 7, 8);
        assertIs(7, 8, new int[0], mapping.apply(Credentials.ROOT));
        assertIs(7, 8, new int[0], mapping.apply(new Credentials(0, 100, 200)));
        assertIs(1000, 100, new int[] {8, 200}, mapping.apply(USER));
        assertIs(1000, 8, new int[0], mapping.apply(new Credentials(1000, 0)));
    }

    @Test
    void allAreNobody() {
        assertIs(7, 8, new int[0], new UserMapping(Squash.ALL, 7, 8).apply(USER));
    }
}
