// SPDX-License-Identifier: Apache-2.0
// The bytes of TensorBoard's files: checksums, framing, what is broken, what is hostile.
#include "core/store/tfevents_crc.h"
#include "core/store/tfevents_proto.h"
#include "core/store/tfevents_record.h"
#include "tests/store/store_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace orrery;
using namespace orrery::store;
using namespace orrery::test;
namespace fs = std::filesystem;

class TestTfeventsRecords : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

    fs::path file(const std::string &bytes)
    {
        writeText(m_folder.path() / "events", bytes);
        return m_folder.path() / "events";
    }
    struct Read {
        std::vector<std::string> records;
        std::vector<uint64_t> offsets;
        uint64_t numFaults = 0;
        std::vector<RecordFault> faults;
    };
    Read readAll(const std::string &bytes)
    {
        Read all;
        auto reader = RecordReader::open(file(bytes));
        if (!reader) qFatal("%s", reader.error().text().c_str());
        std::string_view data;
        while (true) {
            const auto hasRecord = reader->next(data);
            if (!hasRecord) qFatal("%s", hasRecord.error().text().c_str());
            if (!*hasRecord) break;
            all.records.emplace_back(data);
            all.offsets.push_back(reader->offset());
        }
        all.numFaults = reader->numFaults();
        all.faults = reader->faults();
        return all;
    }
    static std::string records(const std::vector<std::string> &all)
    {
        std::string bytes;
        for (const std::string &one : all) appendRecord(bytes, one);
        return bytes;
    }
    static std::string header(uint64_t length)
    {
        std::string bytes(reinterpret_cast<const char *>(&length), 8);
        const uint32_t crc = maskedCrc32c(bytes);
        bytes.append(reinterpret_cast<const char *>(&crc), 4);
        return bytes;
    }

private Q_SLOTS:
    void checksumsAreThoseOfTheStandard()
    {
        // RFC 3720, appendix B.4.
        QCOMPARE(crc32c(std::string(32, '\0')), 0x8A9136AAu);
        QCOMPARE(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
        std::string rising;
        for (int i = 0; i < 32; ++i) rising.push_back(static_cast<char>(i));
        QCOMPARE(crc32c(rising), 0x46DD794Eu);
        QCOMPARE(crc32cPortable(rising), 0x46DD794Eu);
        QCOMPARE(crc32c("123456789"), 0xE3069283u);
        QCOMPARE(crc32c(""), 0u);
    }
    void bothWaysAgree()
    {
        std::mt19937 random(1);
        for (size_t length = 0; length < 200; ++length) {
            std::string bytes(length, '\0');
            for (char &byte : bytes) byte = static_cast<char>(random());
            QCOMPARE(crc32c(bytes), crc32cPortable(bytes));
        }
    }
    void recordsComeBack()
    {
        const std::vector<std::string> all = {"a", "", std::string(3'000'000, 'x'), "b"};
        const Read read = readAll(records(all));
        QCOMPARE(read.records, all);
        QCOMPARE(read.offsets, (std::vector<uint64_t>{0, 17, 33, 3'000'049}));
        QCOMPARE(read.numFaults, uint64_t{0});
    }
    void anEmptyFileHasNone() { QCOMPARE(readAll("").numFaults, uint64_t{0}); }
    void aFileThatIsCutKeepsWhatIsBefore()
    {
        const std::vector<std::string> all = {"first", "second record", "third"};
        const std::string whole = records(all);
        std::vector<size_t> ends;
        for (size_t i = 1; i <= all.size(); ++i)
            ends.push_back(records({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i)}).size());
        for (size_t cut = 0; cut < whole.size(); ++cut) {
            const Read read = readAll(whole.substr(0, cut));
            const auto numWhole = static_cast<size_t>(
                std::count_if(ends.begin(), ends.end(), [cut](size_t end) { return end <= cut; }));
            QCOMPARE(read.records.size(), numWhole);
            const bool isClean = cut == 0 || std::find(ends.begin(), ends.end(), cut) != ends.end();
            QCOMPARE(read.numFaults, uint64_t{isClean ? 0u : 1u});
            if (!isClean) QCOMPARE(read.faults.front().offset, numWhole == 0 ? 0 : ends[numWhole - 1]);
        }
    }
    void whatTensorBoardWroteCutAnywhere()
    {
        const std::string whole = readText(fs::path(ORRERY_TEST_DATA) / ".." / "store" / "fixtures" /
                                           "events.out.tfevents.1700000000.golden");
        const std::vector<std::string> all = readAll(whole).records;
        QCOMPARE(all.size(), size_t{27});
        for (const std::string &record : all) QVERIFY(parseTfEvent(record).has_value());
        for (size_t cut = 0; cut < whole.size(); ++cut) {
            const Read read = readAll(whole.substr(0, cut));
            QVERIFY(read.records.size() < all.size());
            QVERIFY(std::equal(read.records.begin(), read.records.end(), all.begin()));
            QVERIFY(read.numFaults <= 1);
        }
    }
    void oneBrokenByteCostsOneRecord()
    {
        const std::vector<std::string> all = {"first", "second record", "third", "fourth"};
        const std::string whole = records(all);
        for (size_t at = 0; at < whole.size(); ++at) {
            std::string bytes = whole;
            bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
            const Read read = readAll(bytes);
            QCOMPARE(read.records.size(), all.size() - 1);
            QCOMPARE(read.numFaults, uint64_t{1});
            QVERIFY(read.faults.front().offset <= at);
            QVERIFY(at < read.faults.front().offset + read.faults.front().numBytes);
        }
    }
    void hostileLengthsAllocateNothing()
    {
        for (const uint64_t length :
             {~uint64_t{0}, ~uint64_t{0} - 15, uint64_t{1} << 62, uint64_t{1} << 40, uint64_t{100}}) {
            const Read read = readAll(records({"a"}) + header(length) + "rest");
            QCOMPARE(read.records.size(), size_t{1});
            QCOMPARE(read.numFaults, uint64_t{1});
            QCOMPARE(read.faults.front().offset, uint64_t{17});
            QVERIFY(read.faults.front().text.find("ends within it") != std::string::npos);
        }
    }
    void aRecordAboveTheLimitIsSkipped()
    {
        const fs::path path = file(records({"a"}) + header(kMaxRecordBytes + 1));
        fs::resize_file(path, 17 + 12 + kMaxRecordBytes + 1 + 4); // a hole: no room on the disk
        std::ofstream(path, std::ios::binary | std::ios::app) << records({"b"});
        auto reader = RecordReader::open(path);
        VERIFY_OK(reader);
        std::string_view data;
        QVERIFY(*reader->next(data));
        QVERIFY(*reader->next(data));
        QCOMPARE(std::string(data), std::string("b"));
        QVERIFY(!*reader->next(data));
        QCOMPARE(reader->numFaults(), uint64_t{1});
        QVERIFY(reader->faults().front().text.find("at most 256 MiB") != std::string::npos);
    }
    void junkInTheMiddleIsLocated()
    {
        const Read read = readAll(records({"a"}) + std::string(1000, 'j') + records({"b", "c"}));
        QCOMPARE(read.records, (std::vector<std::string>{"a", "b", "c"}));
        QCOMPARE(read.faults.front().offset, uint64_t{17});
        QCOMPARE(read.faults.front().numBytes, uint64_t{1000});
    }
    void goodHeadersInJunkEndSoon()
    {
        // Each of them claims the rest of the file.
        std::string bytes = "j";
        constexpr size_t kNumHeaders = 50'000;
        for (size_t i = 0; i < kNumHeaders; ++i) bytes += header((kNumHeaders - i - 1) * 12 + 84);
        bytes += std::string(100, 'e');
        QCOMPARE(readAll(bytes).numFaults, uint64_t{1});
    }
    void goodHeadersAgainAndAgainEndSoonToo()
    {
        // A record stands behind each piece of them: what is read again is counted over the file.
        constexpr size_t kPieces = 4, kHeaders = 5, kPiece = 50'000;
        std::string record, bytes;
        appendRecord(record, "r");
        const size_t whole = kPieces * kPiece;
        for (size_t piece = 0; piece < kPieces; ++piece) {
            bytes += "j";
            for (size_t i = 0; i < kHeaders; ++i) bytes += header(whole - bytes.size() - 16);
            bytes += std::string((piece + 1) * kPiece - bytes.size() - record.size(), 'e') + record;
        }
        QCOMPARE(bytes.size(), whole);
        const Read read = readAll(bytes);
        QVERIFY(read.records.size() >= 1);
        QVERIFY(read.records.size() < kPieces);
        QVERIFY(read.faults.back().text.find("nor behind it") != std::string::npos);
    }
    void foldersAndMissingFilesAreRefused()
    {
        VERIFY_ERROR(RecordReader::open(m_folder.path()), ErrorCode::InvalidInput, "not a plain file");
        VERIFY_ERROR(RecordReader::open(m_folder.path() / "none"), ErrorCode::NotFound, "none");
    }

    void scalarsComeBackInBothWays()
    {
        for (const double value : {0.5, -0.0, 1e30, std::nan(""), HUGE_VAL, -HUGE_VAL})
            for (const TfPrecision precision : {TfPrecision::Single, TfPrecision::Double}) {
                const double stored =
                    precision == TfPrecision::Single ? static_cast<double>(static_cast<float>(value)) : value;
                const std::string bytes = tfScalarEvent(12.5, -3, "a/b", value, precision);
                const auto event = parseTfEvent(bytes);
                QVERIFY(event.has_value());
                QCOMPARE(event->wallTime, 12.5);
                QCOMPARE(event->step, -3);
                QCOMPARE(event->values.size(), size_t{1});
                QCOMPARE(std::string(event->values[0].tag), std::string("a/b"));
                QVERIFY(event->values[0].hasNumber);
                QCOMPARE(std::memcmp(&event->values[0].number, &stored, sizeof stored), 0);
            }
    }
    void anEventHasSoManyValuesAtMost()
    {
        std::string bytes(2 * kMaxEventValues, '\0');
        for (size_t i = 0; i < bytes.size(); i += 2) bytes[i] = '\x0a'; // an empty value
        const auto event = [](const std::string &summary) {
            std::string length;
            for (size_t size = summary.size(); size > 0; size >>= 7)
                length.push_back(static_cast<char>(size >= 0x80 ? size | 0x80 : size));
            return "\x2a" + length + summary;
        };
        QCOMPARE(parseTfEvent(event(bytes))->values.size(), kMaxEventValues);
        QVERIFY(!parseTfEvent(event(bytes + std::string("\x0a\0", 2))));
    }
    void cutAndRandomEventsNeverReadTooFar()
    {
        std::mt19937 random(7);
        const std::string whole = tfScalarEvent(1e9, 300, "a tag", 0.1, TfPrecision::Double);
        for (size_t cut = 0; cut < whole.size(); ++cut) {
            const std::string part(whole.data(), cut); // exactly sized: a sanitizer sees what is beyond
            static_cast<void>(parseTfEvent(part));
        }
        QVERIFY(!parseTfEvent(whole.substr(0, whole.size() - 1)));
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes = whole;
            for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
            static_cast<void>(parseTfEvent(bytes));
        }
    }
};

QTEST_APPLESS_MAIN(TestTfeventsRecords)
#include "tst_tfevents_records.moc"
