// SPDX-License-Identifier: Apache-2.0
// Edits of memories by name, and what a memory says that knows none of them.
#include "core/spec/memory_sources.h"
#include "tests/base/check_result.h"

#include <QtTest>

using namespace orrery;

namespace {

/// As little as a part must tell.
class PlainMemory : public MemoryControl {
public:
    [[nodiscard]] MemoryStatus status() const override { return {}; }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override { return {}; }
    Result<void> pin(int64_t, bool) override { return {}; }
    int64_t wipe(const std::string &) override { return 0; }
    Result<void> save(const std::filesystem::path &) const override { return {}; }
    Result<void> load(const std::filesystem::path &) override { return {}; }
};

} // namespace

class TestMemoryEvents : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void verbsHaveNames()
    {
        for (int number = 1; number <= int(kLastMemoryVerb); ++number) {
            const auto verb = static_cast<MemoryVerb>(number);
            QCOMPARE(memoryVerbFromName(memoryVerbName(verb)), verb);
        }
        QCOMPARE(memoryVerbFromName("erase"), MemoryVerb::Unknown);
        QCOMPARE(memoryVerbName(static_cast<MemoryVerb>(200)), memoryVerbName(MemoryVerb::Unknown));
    }
    void aPlainMemoryRefusesWhatItDoesNotKnow()
    {
        PlainMemory memory;
        const auto changed = memory.change({.verb = MemoryVerb::Forget});
        VERIFY_ERROR(changed, ErrorCode::InvalidInput,
                     "Cannot change a memory by \"forget\": this one does not know \"forget\", expected an "
                     "edit that it knows.");
        QVERIFY(!changed.error().hint.empty());
        std::vector<int64_t> ids;
        const auto compared = memory.similarity(4, ids);
        VERIFY_ERROR(compared, ErrorCode::NotFound,
                     "this memory keeps no keys to compare, expected one with a key for each token.");
        QVERIFY(!compared.error().hint.empty());
    }
    void aNameThatIsNoTextBecomesOne_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("text") << QByteArray("chat ä→𝄞.json#2:user") << QByteArray("chat ä→𝄞.json#2:user");
        QTest::newRow("a byte") << QByteArray("bad\xff.txt") << QByteArray("bad\\xff.txt");
        QTest::newRow("Latin-1") << QByteArray("m\374de.txt") << QByteArray("m\\xfcde.txt");
        QTest::newRow("cut off") << QByteArray("a\xe2\x86") << QByteArray("a\\xe2\\x86");
        QTest::newRow("among characters") << QByteArray("ä\xc3ä") << QByteArray("ä\\xc3ä");
        QTest::newRow("as it is listed") << QByteArray("bad\\xff.txt") << QByteArray("bad\\xff.txt");
    }
    void aNameThatIsNoTextBecomesOne()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, name);
        QCOMPARE(sourceName(bytes.toStdString()), name.toStdString());
    }
};

QTEST_APPLESS_MAIN(TestMemoryEvents)
#include "tst_memory_events.moc"
