// SPDX-License-Identifier: Apache-2.0
// Log directories of TensorBoard into runs and back: no point dropped, none changed.
#include "core/store/run_note.h"
#include "core/store/tfevents.h"
#include "core/store/tfevents_proto.h"
#include "core/store/tfevents_record.h"
#include "tests/store/store_fixture.h"

#include <sys/resource.h>

#include <cmath>
#include <cstring>
#include <map>

using namespace orrery;
using namespace orrery::test;
namespace fs = std::filesystem;

namespace {

constexpr const char *kGolden = "events.out.tfevents.1700000000.golden";

fs::path fixture() { return fs::path(ORRERY_TEST_DATA) / ".." / "store" / "fixtures" / kGolden; }

std::string scalar(int64_t step, const std::string &tag, double value, double wallTime = 0)
{
    std::string bytes;
    store::appendRecord(bytes,
                        store::tfScalarEvent(wallTime > 0 ? wallTime : 1000.0 + static_cast<double>(step),
                                             step, tag, value, store::TfPrecision::Single));
    return bytes;
}

/// A field of a message that holds bytes.
std::string field(int number, const std::string &bytes)
{
    std::string out(1, static_cast<char>(number << 3 | 2));
    size_t size = bytes.size();
    for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>(size | 0x80));
    out.push_back(static_cast<char>(size));
    return out + bytes;
}

/// One event of several values: 1, 2 …
std::string scalars(int64_t step, const std::vector<std::string> &tags)
{
    std::string event;
    double value = 0;
    for (const std::string &tag : tags) // fields that are there twice are read one after the other
        event += store::tfScalarEvent(1000.0 + static_cast<double>(step), step, tag, ++value,
                                      store::TfPrecision::Single);
    std::string bytes;
    store::appendRecord(bytes, event);
    return bytes;
}

bool isSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

} // namespace

class TestTfevents : public QObject {
    Q_OBJECT

    std::unique_ptr<TemporaryFolder> m_folder;
    fs::path m_home, m_logs;
    std::unique_ptr<Catalogue> m_catalogue;

    Result<ImportedLog> import(const TransferWatch &watch = {})
    {
        return importTfevents(*m_catalogue, m_home, m_logs, watch);
    }
    /// "attempt:step=value …" of a series of the only run.
    std::string points(const std::string &series)
    {
        const auto reader = RunReader::open(m_catalogue->scan().front());
        if (!reader) return reader.error().text();
        const auto buckets = (*reader)->query(query(series, 100'000));
        if (!buckets) return buckets.error().text();
        std::string text;
        for (const SeriesBucket &bucket : *buckets)
            text += (text.empty() ? "" : " ") + std::to_string(bucket.attempt) + ":" +
                    std::to_string(bucket.firstStep) + "=" +
                    QString::number(bucket.last, 'g', 9).toStdString() + (bucket.isSuperseded ? "*" : "");
        return text;
    }
    void write(const std::string &name, const std::string &bytes) { writeText(m_logs / name, bytes); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<TemporaryFolder>();
        m_home = fs::canonical(m_folder->path()) / "home";
        m_logs = fs::canonical(m_folder->path()) / "logs";
        fs::create_directories(m_logs);
        m_catalogue = std::make_unique<Catalogue>(m_home);
    }

    void readsWhatTensorBoardWrote()
    {
        fs::create_directories(m_logs / "exp" / "one");
        fs::copy_file(fixture(), m_logs / "exp" / "one" / kGolden);
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->runs.size(), size_t{1});
        const RunStatus &run = imported->runs.front();
        QCOMPARE(run.name, std::string("exp/one"));
        QCOMPARE(run.state, RunState::Finished);
        QCOMPARE(run.device, std::string("imported"));
        QCOMPARE(run.step, 10);
        QCOMPARE(run.attempt, 1);
        QCOMPARE(run.loss, static_cast<double>(0.8F));
        QCOMPARE(imported->numPoints, uint64_t{28});
        QCOMPARE(imported->numSkipped, uint64_t{0});
        const std::map<std::string, uint64_t> left = {
            {"histograms", 1}, {"images", 1}, {"scalars that are no single number", 1}, {"text", 1}};
        QCOMPARE(imported->numNotImported, left);
        QCOMPARE(points("loss"),
                 std::string("0:1=4 0:2=2 0:3=1.33333337 0:4=1* 0:5=0.800000012* 0:6=nan* 0:7=inf* "
                             "0:8=-inf* 1:4=0.899999976 1:5=0.800000012"));
        QCOMPARE(points("loss/ünïcode 📈"), std::string("0:8=1*"));
        const std::map<std::string, double> values = {{"t/double", 0.1},
                                                      {"t/float_content", 0.3F},
                                                      {"t/half", 0.3330078125},
                                                      {"t/bf16", 0.333984375},
                                                      {"t/int32", -7},
                                                      {"t/int64", -1099511627776.0},
                                                      {"t/bool", 1},
                                                      {"t/uint8", 200},
                                                      {"t/int16", -300},
                                                      {"t/uint64", 1125899906842624.0}};
        const auto reader = RunReader::open(m_catalogue->scan().front());
        for (const auto &[series, value] : values) {
            const auto buckets = (*reader)->query(query(series));
            VERIFY_OK(buckets);
            QCOMPARE(buckets->size(), size_t{1});
            QCOMPARE(buckets->front().last, value);
        }
        QCOMPARE(points("t/float"), std::string("0:9=0.100000001* 0:10=0.200000003*"));
        const auto opened = RunDirectory::open(m_catalogue->scan().front());
        QCOMPARE(opened->frozen().importedFrom, (m_logs / "exp" / "one").string());
        QCOMPARE(opened->frozen().spec.data.path, (m_logs / "exp" / "one").string());
        QVERIFY(!opened->checkTrainable().ok());
    }
    void filesComeInOrderOfTheirTime()
    {
        write("events.out.tfevents.2.b", scalar(1, "loss", 1, 100) + scalar(2, "loss", 2, 101));
        write("events.out.tfevents.1.a", scalar(3, "loss", 3, 200) + scalar(4, "loss", 4, 201));
        VERIFY_OK(import());
        QCOMPARE(points("loss"), std::string("0:1=1 0:2=2 0:3=3 0:4=4"));
    }
    void tagsMayLagBehindEachOther()
    {
        write("tfevents",
              scalar(10, "loss", 1) + scalar(5, "val", 2) + scalar(11, "loss", 3) + scalar(10, "val", 4));
        VERIFY_OK(import());
        QCOMPARE(points("loss"), std::string("0:10=1 0:11=3"));
        QCOMPARE(points("val"), std::string("0:5=2 0:10=4"));
    }
    void anEventIsOfOneAttempt()
    {
        // "b" goes back at 5, "a" first at 3; the point of "a" at 5 is of the attempt that "b" began.
        write("tfevents", scalar(10, "b", 1) + scalars(5, {"a", "b"}) + scalar(3, "a", 3));
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->numPoints, uint64_t{4});
        QCOMPARE(points("b"), std::string("0:10=1* 1:5=2*"));
        QCOMPARE(points("a"), std::string("1:5=1* 2:3=3"));
    }
    void aStepTwiceStaysTwice()
    {
        write("tfevents", scalar(1, "loss", 1) + scalar(1, "loss", 2) + scalar(2, "loss", 3));
        VERIFY_OK(import());
        QCOMPARE(points("loss"), std::string("0:1=1 0:1=2 0:2=3"));
    }
    void eachFolderIsARun()
    {
        write("events.tfevents", scalar(1, "loss", 1));
        write("a/tfevents.1", scalar(1, "loss", 1));
        write("a/b/tfevents.1", scalar(1, "loss", 1));
        write("c/tfevents.1", ""); // nothing in it
        write("d/other.log", "x");
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->runs.size(), size_t{3});
        QCOMPARE(imported->runs[0].name, std::string("logs"));
        QCOMPARE(imported->runs[1].name, std::string("a"));
        QCOMPARE(imported->runs[2].name, std::string("a/b"));
        QCOMPARE(imported->notes.size(), size_t{1});
        QVERIFY(imported->notes.front().find("hold no scalar") != std::string::npos);
        QCOMPARE(m_catalogue->scan().size(), size_t{3});
        VERIFY_OK(import()); // again: under new ids
        QCOMPARE(m_catalogue->scan().size(), size_t{6});
    }
    void brokenRecordsAreSkippedCountedAndLocated()
    {
        std::string bytes = scalar(1, "loss", 1);
        const size_t second = bytes.size();
        bytes += scalar(2, "loss", 2);
        bytes[second + 14] = static_cast<char>(bytes[second + 14] ^ 1);
        bytes += scalar(3, "loss", 3);
        const size_t fourth = bytes.size();
        store::appendRecord(bytes, "\x0b"); // a group: no event
        const size_t fifth = bytes.size();
        bytes += scalar(5, "loss", 5).substr(0, 20);
        write("tfevents", bytes);
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->numSkipped, uint64_t{3});
        QCOMPARE(imported->numPoints, uint64_t{2});
        std::string all;
        for (const std::string &note : imported->notes) all += note + "\n";
        for (const size_t offset : {second, fourth, fifth})
            QVERIFY2(all.find("tfevents at byte " + std::to_string(offset)) != std::string::npos,
                     all.c_str());
        const auto reader = RunReader::open(m_catalogue->scan().front());
        const auto events = (*reader)->events(0, 100);
        int numWarnings = 0;
        for (const RunEvent &event : *events) numWarnings += event.kind == EventKind::Warning;
        QCOMPARE(numWarnings, 3);
    }
    void aHostileFileTakesLittleMemory()
    {
        // Each value has a tag and a plugin of its own; then many records that are no events.
        std::string bytes;
        for (int part = 0; part < 17; ++part) {
            std::string event;
            for (int i = 0; i < 4096; ++i) {
                const std::string name = std::to_string(part * 4096 + i);
                std::string plugin = field(1, field(1, "p" + name));
                event += field(5, field(1, field(1, name) + field(8, "") + field(9, plugin)));
            }
            store::appendRecord(bytes, event);
        }
        for (int i = 0; i < 100; ++i) store::appendRecord(bytes, "\x0b");
        bytes += scalar(1, "0", 1);
        write("tfevents", bytes + scalar(1, "a tag more", 1));
        const auto imported = import();
        VERIFY_OK(imported);
        QVERIFY(imported->numNotImported.size() <= 260);
        QCOMPARE(imported->numNotImported.at("values of tags beyond 65,536"), uint64_t{4096 + 1});
        QCOMPARE(imported->numNotImported.at("values of further plugins"), uint64_t{65'536 - 256});
        QCOMPARE(imported->numSkipped, uint64_t{100});
        QCOMPARE(imported->notes.size(), size_t{21});
        QVERIFY(imported->notes.back().find("80 more records that are no events") != std::string::npos);
    }
    void theGoldenFileCutAnywhereKeepsWhatIsBefore()
    {
        const std::string whole = readText(fixture());
        uint64_t last = 0;
        for (size_t cut = 0; cut <= whole.size(); cut += 131) {
            fs::remove_all(m_logs);
            fs::remove_all(m_home);
            *m_catalogue = Catalogue(m_home);
            write("tfevents", whole.substr(0, cut));
            const auto imported = import();
            VERIFY_OK(imported);
            QVERIFY(imported->numPoints >= last);
            QVERIFY(imported->numSkipped <= 1);
            last = imported->numPoints;
        }
    }
    void longAndStrangeTagsStayApart()
    {
        const std::string longTag(300, 'x');
        write("tfevents", scalar(1, longTag + "a", 1) + scalar(1, longTag + "b", 2) + scalar(1, "\xff", 3) +
                              scalar(1, "\xfe", 4) + scalar(1, "", 5));
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->numPoints, uint64_t{5});
        const auto reader = RunReader::open(m_catalogue->scan().front());
        const auto series = (*reader)->listSeries();
        QCOMPARE(series->size(), size_t{5});
        for (const SeriesInfo &info : *series) QCOMPARE(info.numPoints, uint64_t{1});
    }
    void tagsBeyondTheStoreAreCounted()
    {
        std::string bytes;
        for (int i = 0; i < 4100; ++i) bytes += scalar(1, "tag" + std::to_string(i), i);
        write("tfevents", bytes);
        const auto imported = import();
        VERIFY_OK(imported);
        QCOMPARE(imported->numPoints, uint64_t{4096});
        QCOMPARE(imported->numNotImported.at("scalars of tags beyond 4,096"), uint64_t{4});
    }
    void missingAndEmptyFoldersAreNamed()
    {
        VERIFY_ERROR(import(), ErrorCode::NotFound, "no file in it or below has \"tfevents\"");
        m_logs = m_folder->path() / "none";
        VERIFY_ERROR(import(), ErrorCode::NotFound, "there is no such folder");
    }
    void stepsThatJumpWithoutEndAreRefused()
    {
        std::string bytes;
        for (int i = 0; i < 10'001; ++i) bytes += scalar(2, "loss", 1) + scalar(1, "loss", 1);
        write("tfevents", bytes);
        VERIFY_ERROR(import(), ErrorCode::InvalidInput, "go back more than 10,000 times");
        QVERIFY(m_catalogue->scan().empty());
    }
    void whatAKilledImportLeftGoesInTime()
    {
        write("tfevents", scalar(1, "loss", 1));
        for (const char *name : {"importing-1-0", "importing-new", "other"})
            fs::create_directories(m_home / name / "run");
        const auto old = fs::file_time_type::clock::now() - std::chrono::hours(25);
        fs::last_write_time(m_home / "importing-1-0", old);
        fs::last_write_time(m_home / "other", old);
        VERIFY_OK(import());
        QVERIFY(!fs::exists(m_home / "importing-1-0"));
        QVERIFY(fs::exists(m_home / "importing-new"));
        QVERIFY(fs::exists(m_home / "other"));
    }
    void aCancelLeavesNothingHalf()
    {
        write("a/tfevents", scalar(1, "loss", 1));
        write("b/tfevents", scalar(1, "loss", 1));
        const auto imported = import([](const TransferProgress &progress) { return progress.what != "b"; });
        VERIFY_ERROR(imported, ErrorCode::Cancelled, "1 runs were imported before");
        QCOMPARE(m_catalogue->scan().size(), size_t{1});
        for (const auto &entry : fs::directory_iterator(m_home))
            QVERIFY(entry.path().filename().string().find("importing") == std::string::npos);
    }

    void anExportComesBackTheSame()
    {
        write("tfevents", "");
        const auto run = RunDirectory::create(m_catalogue->runsDirectory() / "r", frozenSpec("r"));
        VERIFY_OK(run);
        std::map<std::pair<std::string, int64_t>, double> written;
        {
            auto writer = RunWriter::open(run->path());
            VERIFY_OK(writer);
            for (int32_t attempt = 0; attempt < 2; ++attempt) {
                VERIFY_OK((*writer)->beginAttempt(attempt * 3000));
                for (int64_t step = attempt * 3000 + 1; step <= 5000; ++step) {
                    const double third = step % 100 == 0 ? std::nan("") : 1.0 / 3 + static_cast<double>(step);
                    const double half = step % 101 == 0 ? HUGE_VAL : 0.5 * static_cast<double>(step);
                    (*writer)->addReport(report(step, {{"third", third}, {"half", half}}, attempt));
                    written[{"third", attempt * 100'000 + step}] = third;
                    written[{"half", attempt * 100'000 + step}] = half;
                }
            }
            VERIFY_OK((*writer)->flush());
        }
        const fs::path target = m_folder->path() / "out";
        const auto numPoints = exportTfevents(*run, target);
        VERIFY_OK(numPoints);
        QCOMPARE(*numPoints, uint64_t{14'000});
        QCOMPARE(std::distance(fs::directory_iterator(target), fs::directory_iterator()), 2);
        Catalogue second(m_folder->path() / "home2");
        const auto imported = importTfevents(second, m_folder->path() / "home2", target);
        VERIFY_OK(imported);
        QCOMPARE(imported->numPoints, uint64_t{14'000});
        QCOMPARE(imported->runs.front().attempt, 1);
        const auto reader = RunReader::open(second.scan().front());
        VERIFY_OK(reader);
        size_t numSame = 0;
        for (const char *series : {"third", "half"}) {
            const auto buckets = (*reader)->query(query(series, 100'000));
            VERIFY_OK(buckets);
            for (const SeriesBucket &bucket : *buckets)
                numSame +=
                    isSame(bucket.last, written.at({series, bucket.attempt * 100'000 + bucket.firstStep})) &&
                    bucket.firstWallTime == 1000.0 + static_cast<double>(bucket.firstStep);
        }
        QCOMPARE(numSame, written.size());
    }
    void anExportWritesIntoEmptyFoldersOnly()
    {
        const auto run = RunDirectory::create(m_catalogue->runsDirectory() / "r", frozenSpec("r"));
        VERIFY_ERROR(exportTfevents(*run, m_folder->path() / "out"), ErrorCode::NotFound, "run.db");
        VERIFY_OK(addNote(*run, {1, "x"}));
        VERIFY_ERROR(exportTfevents(*run, m_folder->path() / "out"), ErrorCode::NotFound,
                     "it has no points yet");
        write("tfevents", "");
        VERIFY_ERROR(exportTfevents(*run, m_logs), ErrorCode::Conflict, "the folder holds something");
    }
    void aCancelledExportIsDeleted()
    {
        write("tfevents", scalar(1, "loss", 1));
        VERIFY_OK(import());
        const auto run = RunDirectory::open(m_catalogue->scan().front());
        const fs::path target = m_folder->path() / "out";
        VERIFY_ERROR(exportTfevents(*run, target, [](const TransferProgress &) { return false; }),
                     ErrorCode::Cancelled, "series \"loss\"");
        QVERIFY(!fs::exists(target));
        fs::create_directories(target); // the user's own
        VERIFY_ERROR(exportTfevents(*run, target, [](const TransferProgress &) { return false; }),
                     ErrorCode::Cancelled, "series \"loss\"");
        QVERIFY(fs::is_empty(target));
    }
    void moreAttemptsThanAProcessMayHaveFiles()
    {
        constexpr int32_t kAttempts = 100;
        const auto run = RunDirectory::create(m_catalogue->runsDirectory() / "r", frozenSpec("r"));
        VERIFY_OK(run);
        {
            auto writer = RunWriter::open(run->path());
            VERIFY_OK(writer);
            for (int32_t attempt = 0; attempt < kAttempts; ++attempt) {
                VERIFY_OK((*writer)->beginAttempt(attempt));
                (*writer)->addReport(report(attempt + 1, {{"loss", 1.0 * attempt}}, attempt));
            }
            VERIFY_OK((*writer)->flush());
        }
        struct rlimit before {};
        QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
        struct rlimit few = before;
        few.rlim_cur = 64;
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &few), 0);
        const auto numPoints = exportTfevents(*run, m_logs);
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
        VERIFY_OK(numPoints);
        QCOMPARE(*numPoints, uint64_t{kAttempts});
        QCOMPARE(std::distance(fs::directory_iterator(m_logs), fs::directory_iterator()), kAttempts);
    }
};

QTEST_APPLESS_MAIN(TestTfevents)
#include "tst_tfevents.moc"
