// SPDX-License-Identifier: Apache-2.0
// An episodic memory to a file and back, and files that lie.
#include "plugins/memory/engine/episodic_file.h"

#include "core/base/files.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/safetensors.h"
#include "plugins/memory/engine/replay_texts.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <tuple>

using namespace orrery;
using namespace orrery::memory;

namespace {

constexpr EpisodicShape kShape = {2, 3};

EpisodicStore filledStore()
{
    EpisodicStore store({.capacity = 9, .surpriseGamma = 1, .blockMin = 2, .blockMax = 4});
    for (int64_t i = 0; i < 7; ++i)
        (void)store.write(
            {i < 3 ? "first.txt" : "zweiter Text \xE2\x80\x94", i, static_cast<int32_t>(i + 50), 12, 0.5});
    (void)store.pin(store.listEvents().back().id, true);
    (void)store.scaleSlot(2, 0.5);
    (void)store.wipe("nobody");
    store.fade(3);
    store.advance(3);
    store.tick(9);
    store.noteLastRead(1, {.at = 8,
                           .place = 7,
                           .tokenId = 0,
                           .reader = store.readerOf("chat.json#2:user"),
                           .head = 1,
                           .weight = 0.75F,
                           .modality = Modality::Image});
    (void)store.write({.source = "zweiter Text \xE2\x80\x94", .position = 7, .modality = Modality::Audio});
    return store;
}

std::vector<float> numbers(size_t count, float first)
{
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i) / 8;
    return values;
}

/// Sixteen keys of width 3 and length 1.
std::vector<float> keys()
{
    std::vector<float> values;
    for (int i = 0; i < 16; ++i) values.insert(values.end(), {0.6F, i % 2 ? 0.8F : -0.8F, 0});
    return values;
}

} // namespace

class TestEpisodicFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::filesystem::path path() const { return m_folder.filePath("memory.safetensors").toStdString(); }
    void writeGood() const
    {
        const EpisodicStore store = filledStore();
        VERIFY_OK(writeEpisodicFile(path(), kShape, store.image(), keys(), numbers(48, 9)));
    }
    /// The file with one tensor changed by edit(name, type, shape, bytes). @param metadata of an empty value: taken away
    template <typename Edit> void rewrite(Edit edit, std::map<std::string, std::string> metadata = {}) const
    {
        auto reader = SafetensorsReader::open(path());
        VERIFY_OK(reader);
        std::vector<TensorSource> tensors;
        std::vector<std::vector<std::byte>> kept;
        kept.reserve(reader->tensors().size());
        for (const TensorInfo &info : reader->tensors()) {
            const auto bytes = reader->bytes(info);
            kept.emplace_back(bytes.begin(), bytes.end());
            TensorSource tensor{info.name, info.type, info.shape, {}};
            if (!edit(tensor, kept.back())) continue;
            tensor.data = kept.back();
            tensors.push_back(tensor);
        }
        auto all = reader->metadata();
        for (const auto &[key, value] : metadata) all[key] = value;
        std::erase_if(all, [](const auto &entry) { return entry.second.empty(); });
        VERIFY_OK(writeSafetensors(path(), tensors, all));
    }

    static size_t dataBytes(const SafetensorsReader &reader)
    {
        size_t numBytes = 0;
        for (const TensorInfo &info : reader.tensors()) numBytes += info.numBytes;
        return numBytes;
    }
    static int64_t anyNumber(std::mt19937_64 &random)
    {
        constexpr std::array<int64_t, 16> kNumbers = {0,
                                                      1,
                                                      -1,
                                                      -2,
                                                      2,
                                                      7,
                                                      8,
                                                      9,
                                                      77,
                                                      100'000'000,
                                                      INT32_MAX,
                                                      INT32_MIN,
                                                      INT64_MAX,
                                                      INT64_MIN,
                                                      int64_t{1} << 45,
                                                      int64_t{1} << 33};
        return random() % 8 == 0 ? static_cast<int64_t>(random()) : kNumbers[random() % kNumbers.size()];
    }
    static void putNumber(char *to, TensorType type, std::mt19937_64 &random)
    {
        constexpr std::array<double, 8> kNumbers = {
            0, -1, 0.5, 4, 1e30, -1e9, INFINITY, std::numeric_limits<double>::quiet_NaN()};
        const int64_t whole = anyNumber(random);
        const double real = kNumbers[random() % kNumbers.size()];
        const auto single = static_cast<float>(real);
        const bool isDouble = type == TensorType::F64, isFloat = type == TensorType::F32;
        std::memcpy(to,
                    isDouble  ? static_cast<const void *>(&real)
                    : isFloat ? static_cast<const void *>(&single)
                              : &whole,
                    tensorTypeBytes(type));
    }
    /// A file whose header has another count.
    static std::string withCount(const std::string &file, uint64_t which, std::mt19937_64 &random)
    {
        const std::string key = std::string("\"") + std::array{"serial", "read", "clock", "evicted", "skipped", "refused"}[which] + "\":\"";
        const size_t at = file.find(key) + key.size();
        const std::string number = std::to_string(anyNumber(random));
        std::string changed = file;
        changed.replace(at, file.find('"', at) - at, number);
        uint64_t header = 0;
        std::memcpy(&header, changed.data(), sizeof header);
        header += changed.size() - file.size();
        std::memcpy(changed.data(), &header, sizeof header);
        return changed;
    }
    /// Loads the file, does to it all that can be done, saves and loads it again. @return why it cannot be
    /// loaded
    Result<void> useAll(QString &failure, bool isSaved) const
    {
        EpisodicStore store({.capacity = 9}), again({.capacity = 9});
        ORRERY_ASSIGN(const auto image, readEpisodicFile(path(), kShape, 9));
        ORRERY_TRY(store.restore(image.store));
        const auto events = store.listEvents();
        int64_t numSlots = 0;
        for (const MemoryEvent &event : events) numSlots += event.numSlots;
        if (numSlots != store.status().numUsed)
            failure = QStringLiteral("the events have %1 slots").arg(numSlots);
        (void)replayTexts(store);
        for (const MemoryEvent &event : events) {
            if (!store.pin(event.id, !event.isPinned) || !store.scaleEvent(event.id, 0.5))
                failure = QStringLiteral("no edit");
            if (const auto record = store.forget(event.id)) store.revert(*record);
        }
        LastRead waiting{.at = store.clock(), .reader = store.readerOf("a new text")};
        store.dropWipedReader(waiting);
        for (const char *source : {"chat.json#2:user", "nobody", "first.txt"}) (void)store.wipe(source);
        store.tick(1);
        store.fade(1);
        for (int32_t i = 0; i < 12; ++i)
            (void)store.write({.source = "a new text", .position = i, .tokenId = i}, waiting);
        const EpisodicStore::Image saved = store.image();
        if (!isSaved) { // which waits for the disk
            if (!again.restore(saved).ok()) failure = QStringLiteral("no image");
            return {};
        }
        const std::vector<float> zeros(6 * saved.slots.size());
        const auto written = writeEpisodicFile(path(), kShape, saved, zeros, zeros);
        const auto reread = readEpisodicFile(path(), kShape, 9);
        if (!written.ok() || !reread.ok() || !again.restore(reread->store).ok())
            failure = QStringLiteral("no save");
        return {};
    }

private Q_SLOTS:
    /// Files of before it was kept have none; what cannot be read is not known.
    void saysWhoseItIs()
    {
        writeGood();
        auto image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QVERIFY(image->origin.tokens.empty() && image->origin.run.empty() && image->origin.step == -1);
        const EpisodicStore store = filledStore();
        VERIFY_OK(writeEpisodicFile(path(), kShape, store.image(), keys(), numbers(48, 9),
                                    {"ab12", "run \xff", 700}));
        image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QCOMPARE(qtext(image->origin.tokens), QString("ab12"));
        QCOMPARE(qtext(image->origin.run), QString("run \uFFFD"));
        QCOMPARE(image->origin.step, int64_t(700));
        // Nor what would be obeyed when it is shown: escape sequences, lines, C1 (CSI).
        for (const std::string &run : {std::string(100'000, 'r'), std::string("r\x1b[31m"),
                                       std::string("r\n"), std::string("r\x7f"), std::string("r\xc2\x9b")}) {
            const auto all = [](TensorSource &, std::vector<std::byte> &) { return true; };
            rewrite(all, {{"model.tokens", run}, {"model.step", "7x"}, {"model.run", run}});
            image = readEpisodicFile(path(), kShape, 9);
            VERIFY_OK(image);
            QCOMPARE(qtext(image->origin.tokens), QString());
            QCOMPARE(qtext(image->origin.run), QString());
            QCOMPARE(image->origin.step, int64_t(-1));
        }
    }
    void comesBackAsItWas()
    {
        writeGood();
        auto image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QCOMPARE(image->keys_HSD, keys());
        QCOMPARE(image->values_HSD, numbers(48, 9));
        EpisodicStore store({.capacity = 9});
        VERIFY_OK(store.restore(image->store));
        const EpisodicStore expected = filledStore();
        const auto found = store.listEvents(), wanted = expected.listEvents();
        QCOMPARE(found.size(), wanted.size());
        for (size_t i = 0; i < found.size(); ++i) {
            QCOMPARE(found[i].id, wanted[i].id);
            QCOMPARE(qtext(found[i].source), qtext(wanted[i].source));
            QCOMPARE(found[i].tokenIds, wanted[i].tokenIds);
            QCOMPARE(found[i].isPinned, wanted[i].isPinned);
            QCOMPARE(found[i].age, wanted[i].age);
            QCOMPARE(found[i].meanUsage, wanted[i].meanUsage);
            QCOMPARE(found[i].lastToken, wanted[i].lastToken);
            QCOMPARE(found[i].surprises, wanted[i].surprises);
            QCOMPARE(found[i].strengths, wanted[i].strengths);
            QCOMPARE(found[i].modalities, wanted[i].modalities);
            QCOMPARE(found[i].reads, wanted[i].reads);
        }
        QCOMPARE(found.front().reads[1].age, int64_t(1));
        QCOMPARE(qtext(found.front().reads[1].source), QString("chat.json#2:user"));
        QCOMPARE(found.back().modalities.back(), Modality::Audio);
        QCOMPARE(found.front().strengths, (std::vector<float>{1, 1, 0.5}));
        QCOMPARE(found.front().surprises.front(), 0.5F);
    }
    void ofTheFirstVersionNobodyKnowsWhoRead()
    {
        writeGood();
        rewrite(
            [](const TensorSource &tensor, const auto &) {
                return !tensor.name.starts_with("slots.read") && tensor.name != "slots.modality";
            },
            {{"version", "1"}, {"clock", "nonsense"}});
        auto image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QCOMPARE(image->store.clock, image->store.numRead);
        EpisodicStore store({.capacity = 9});
        VERIFY_OK(store.restore(image->store));
        for (const MemoryEvent &event : store.listEvents()) {
            QCOMPARE(lastReadOf(event).age, SlotRead::kNotKnown);
            for (const Modality modality : event.modalities) QCOMPARE(modality, Modality::Unknown);
        }
        // It goes on as any other, and is of the new version when it is saved.
        store.tick(1);
        store.noteLastRead(0, {.at = store.clock(), .head = 0, .weight = 1});
        VERIFY_OK(writeEpisodicFile(path(), kShape, store.image(), keys(), numbers(48, 9)));
        auto again = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(again);
        QVERIFY(again->store.slots[0].read.isThere());
        QCOMPARE(again->store.slots[1].read.at, LastRead::kNotKnown);
    }
    void whatWasLostIsCountedOn()
    {
        EpisodicStore store({.capacity = 4});
        const auto write = [&store](int64_t position) { return store.write({.source = "a", .position = position}); };
        for (int64_t i = 0; i < 7; ++i) VERIFY_OK(write(i));
        store.skip({.source = "a", .position = 7});
        store.skip({.source = "a", .position = 8});
        for (const MemoryEvent &event : store.listEvents()) VERIFY_OK(store.pin(event.id, true));
        QVERIFY(!write(9));
        const std::vector<float> zeros(24);
        const auto saveAndRead = [&] {
            VERIFY_OK(writeEpisodicFile(path(), kShape, store.image(), zeros, zeros));
            auto image = readEpisodicFile(path(), kShape, 4);
            VERIFY_OK(image);
            VERIFY_OK(store.restore(image->store));
        };
        const auto counts = [&store] {
            const MemoryStatus status = store.status();
            return std::vector<int64_t>{status.numEvicted, status.numSkipped, status.numRefused};
        };
        saveAndRead();
        QCOMPARE(counts(), (std::vector<int64_t>{3, 2, 1}));
        QVERIFY(!write(10));
        store.wipe("a");
        for (int64_t i = 0; i < 5; ++i) VERIFY_OK(write(i));
        saveAndRead();
        QCOMPARE(counts(), (std::vector<int64_t>{4, 2, 2}));
        // Numbers that no memory can have.
        const auto all = [](TensorSource &, std::vector<std::byte> &) { return true; };
        for (const auto &[key, number, why] :
             {std::tuple{"evicted", "13", "13 tokens evicted, expected fewer than the 13 of the next write"},
              {"evicted", "35184372088832", "a count of 35184372088832"},
              {"skipped", "35184372088832", "a count of 35184372088832"},
              {"refused", "35184372088832", "a count of 35184372088832"}}) {
            saveAndRead();
            rewrite(all, {{key, number}});
            auto image = readEpisodicFile(path(), kShape, 4);
            VERIFY_OK(image);
            VERIFY_ERROR(store.restore(image->store), ErrorCode::InvalidInput, why);
        }
        // Files of before they were kept: not known, and it stays so.
        rewrite(all, {{"evicted", ""}, {"skipped", ""}, {"refused", ""}});
        auto old = readEpisodicFile(path(), kShape, 4);
        VERIFY_OK(old);
        VERIFY_OK(store.restore(old->store));
        QCOMPARE(counts(), (std::vector<int64_t>{-1, -1, -1}));
        VERIFY_OK(write(20));
        QCOMPARE(counts(), (std::vector<int64_t>{-2, -1, -1}));
        QCOMPARE(countBetween(-1, store.status().numEvicted), int64_t(1));
        saveAndRead();
        QCOMPARE(counts(), (std::vector<int64_t>{-1, -1, -1}));
    }
    void filesOfBeforeHaveNeitherSurpriseNorStrength()
    {
        writeGood();
        rewrite([](const TensorSource &tensor, const auto &) {
            return tensor.name != "slots.surprise" && tensor.name != "slots.strength";
        });
        auto image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        for (const Slot &slot : image->store.slots) {
            QCOMPARE(slot.strength, 1.0F);
            QCOMPARE(slot.surprise, 0.0F);
        }
    }
    void anEmptyMemoryIsAFileToo()
    {
        VERIFY_OK(writeEpisodicFile(path(), kShape, EpisodicStore({.capacity = 5}).image(), {}, {}));
        auto image = readEpisodicFile(path(), kShape, 5);
        VERIFY_OK(image);
        QVERIFY(image->store.slots.empty() && image->store.events.empty());
    }

    void aFailedWriteLeavesNothingBehind()
    {
        const std::filesystem::path full = m_folder.filePath("full").toStdString();
        std::filesystem::create_directories(full);
        const EpisodicStore store = filledStore();
        const auto write = [&] {
            return writeEpisodicFile(full / "memory", kShape, store.image(), keys(), numbers(48, 9));
        };
        for (const WriteOperation operation :
             {WriteOperation::Write, WriteOperation::Sync, WriteOperation::Rename}) {
            setWriteFault([operation](WriteOperation now, const std::filesystem::path &, size_t) {
                return now == operation ? ENOSPC : 0;
            });
            const auto failed = write();
            setWriteFault(nullptr);
            VERIFY_ERROR(failed, ErrorCode::Io, "No space left");
            QVERIFY(std::filesystem::is_empty(full));
        }
        VERIFY_OK(write());
    }
    void knowsAMemoryFile()
    {
        writeGood();
        QVERIFY(isMemoryFile(path()));
        const std::filesystem::path folder = m_folder.path().toStdString();
        std::ofstream(folder / "chat.json") << "[]";
        std::filesystem::create_symlink(path(), folder / "link");
        VERIFY_OK(writeSafetensors(folder / "weights", {}, {{"format", "pt"}}));
        for (const char *name : {"chat.json", "link", "weights", "none", "."})
            QVERIFY2(!isMemoryFile(folder / name), name);
    }

    void refusesFilesThatLie_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("missing tensor") << "tensor \"slots.usage\" is missing";
        QTest::newRow("other type") << "tensor \"slots.serial\" is F64, expected I64";
        QTest::newRow("other length") << "tensor \"slots.token\" has shape [6], expected [8]";
        QTest::newRow("strength of other length") << "tensor \"slots.strength\" has shape [6], expected [8]";
        QTest::newRow("surprise of other type") << "tensor \"slots.surprise\" is I32, expected F32";
        QTest::newRow("fewer values") << "tensor \"values\" has shape [2, 6, 3], expected [2, 8, 3]";
        QTest::newRow("more events than slots") << "9 events of 8 slots";
        QTest::newRow("unknown source") << "is of source 77, expected a source that the file names";
        QTest::newRow("key without a number") << "a key of length nan, expected 1";
        QTest::newRow("value without a number") << "a value is nan, expected numbers up to 65504";
        QTest::newRow("long key") << "a key of length 9.02";
        QTest::newRow("large value") << "a value is 300000.0";
        QTest::newRow("head") << "slot 1 was read by head -2000000000, expected −1 (not known) to 1";
        QTest::newRow("too large a head") << "slot 1 was read by head 2,";
        QTest::newRow("never read, reader 9")
            << "slot 2 was read by source 9, expected −1 (none) or one of the 1 that";
        QTest::newRow("read_at −1, reader 9") << "slot 2 was read by source 9,";
        QTest::newRow("reader −2") << "slot 1 was read by source -2,";
        QTest::newRow("reader of a far place") << "slot 7 was read by source 100000000,";
        QTest::newRow("long names of readers") << "the names of its sources take more than 128 MiB";
        QTest::newRow("long names of sources") << "the names of its sources take more than 128 MiB";
        QTest::newRow("escape sequence") << "\"clock\" is \"?[31m??\", expected";
        QTest::newRow("count") << "\"serial\" is \"many\"";
        QTest::newRow("negative count") << "\"read\" is \"-4\"";
        QTest::newRow("clock") << "\"clock\" is \"late\"";
        QTest::newRow("evicted") << "\"evicted\" is \"-1\", expected a whole number from 0";
        QTest::newRow("skipped") << "\"skipped\" is \"1e3\"";
        QTest::newRow("refused") << "\"refused\" is \"99999999999999999999\"";
        QTest::newRow("missing reads") << "tensor \"slots.read_at\" is missing";
        QTest::newRow("modality of other type") << "tensor \"slots.modality\" is BOOL, expected U8";
        QTest::newRow("format") << "it is not marked as one";
        QTest::newRow("version") << "its version is another one, expected version 1 or 2";
    }
    void refusesFilesThatLie()
    {
        QFETCH(QString, text);
        const QByteArray what = QTest::currentDataTag();
        writeGood();
        std::map<std::string, std::string> metadata;
        if (what == "count") metadata["serial"] = "many";
        if (what == "negative count") metadata["read"] = "-4";
        if (what == "clock") metadata["clock"] = "late";
        if (what == "evicted") metadata["evicted"] = "-1";
        if (what == "skipped") metadata["skipped"] = "1e3";
        if (what == "refused") metadata["refused"] = "99999999999999999999";
        if (what == "escape sequence") metadata["clock"] = "\x1b[31m\n\xc2\x9b";
        if (what.startsWith("long names"))
            metadata[what.endsWith("readers") ? "reader.0" : "source.0"] = std::string(size_t{44} << 20, 'n');
        if (what == "format") metadata["format"] = "pt";
        if (what == "version") metadata["version"] = "3";
        rewrite(
            [&](TensorSource &tensor, std::vector<std::byte> &bytes) {
                if (what == "missing tensor" && tensor.name == "slots.usage") return false;
                if (what == "missing reads" && tensor.name == "slots.read_at") return false;
                if (what == "modality of other type" && tensor.name == "slots.modality")
                    tensor.type = TensorType::Bool;
                if (what == "other type" && tensor.name == "slots.serial") tensor.type = TensorType::F64;
                if (what == "other length" && tensor.name == "slots.token") {
                    tensor.shape = {6};
                    bytes.resize(24);
                }
                if (what == "strength of other length" && tensor.name == "slots.strength") {
                    tensor.shape = {6};
                    bytes.resize(24);
                }
                if (what == "surprise of other type" && tensor.name == "slots.surprise")
                    tensor.type = TensorType::I32;
                if (what == "fewer values" && tensor.name == "values") {
                    tensor.shape = {2, 6, 3};
                    bytes.resize(144);
                }
                if (what == "more events than slots" && tensor.name == "events.id") {
                    tensor.shape = {9};
                    bytes.resize(72);
                }
                if (what == "unknown source" && tensor.name == "events.source") bytes[0] = std::byte{77};
                const auto put = [&](const char *name, size_t at, auto value) {
                    if (tensor.name == name) std::memcpy(bytes.data() + at, &value, sizeof value);
                };
                const float noNumber = std::numeric_limits<float>::quiet_NaN();
                if (what == "key without a number") put("keys", 0, noNumber);
                if (what == "value without a number") put("values", 0, noNumber);
                if (what == "long key") put("keys", 8, 8.97F);
                if (what == "large value") put("values", 4, 3e5F);
                if (what == "head") put("slots.read_head", 4, int32_t(-2'000'000'000));
                const bool isUnread = what == "never read, reader 9" || what == "read_at −1, reader 9";
                if (isUnread) put("slots.reader", 8, int32_t(9));
                if (isUnread) put("slots.read_at", 16, int64_t(what == "read_at −1, reader 9" ? -1 : 0));
                if (what == "reader −2") put("slots.reader", 4, int32_t(-2));
                if (what == "reader of a far place") put("slots.reader", 28, int32_t(100'000'000));
                if (what == "long names of readers")
                    for (size_t slot = 0; slot < 3; ++slot) put("slots.reader", 4 * slot, int32_t(0));
                if (what == "long names of sources" && tensor.name == "events.source")
                    std::fill(bytes.begin(), bytes.end(), std::byte{0});
                if (what == "too large a head") put("slots.read_head", 4, int32_t(2));
                return true;
            },
            metadata);
        VERIFY_ERROR(readEpisodicFile(path(), kShape, 9), ErrorCode::InvalidInput, text.toUtf8().constData());
    }
    void refusesAnotherModelsMemory()
    {
        writeGood();
        VERIFY_ERROR(readEpisodicFile(path(), {1, 3}, 9), ErrorCode::InvalidInput,
                     "tensor \"keys\" has shape [2, 8, 3], expected [1, 8, 3]");
        VERIFY_ERROR(readEpisodicFile(path(), {2, 4}, 9), ErrorCode::InvalidInput, "expected [2, 8, 4]");
        VERIFY_ERROR(readEpisodicFile(path(), kShape, 6), ErrorCode::InvalidInput,
                     "8 slots, expected at most 6 (plugins.memory.episodic_size)");
    }
    void refusesEveryTruncation()
    {
        writeGood();
        std::ifstream file(path(), std::ios::binary);
        const std::string whole((std::istreambuf_iterator<char>(file)), {});
        for (size_t length = 0; length < whole.size(); length += 1 + whole.size() / 150) {
            std::ofstream(path(), std::ios::binary | std::ios::trunc)
                .write(whole.data(), static_cast<std::streamsize>(length));
            QVERIFY2(!readEpisodicFile(path(), kShape, 9).ok(), qPrintable(QString::number(length)));
        }
    }
    /// A file with numbers that it did not have: either it is refused and says why, or all that is done to a
    /// memory can be done.
    void noNumberOfAFileBreaksAMemory()
    {
        writeGood();
        auto good = SafetensorsReader::open(path());
        VERIFY_OK(good);
        std::ifstream file(path(), std::ios::binary);
        const std::string whole((std::istreambuf_iterator<char>(file)), {});
        file.close();
        const size_t dataStart = whole.size() - dataBytes(*good);
        int numRefused = 0, numUsed = 0;
        for (uint64_t seed = 0; seed < 3000; ++seed) {
            std::mt19937_64 random(seed);
            std::string changed = whole;
            for (uint64_t i = 0; i <= seed % 3; ++i) {
                const TensorInfo &tensor = good->tensors()[random() % good->tensors().size()];
                const size_t size = tensorTypeBytes(tensor.type);
                putNumber(changed.data() + dataStart + tensor.offset +
                              random() % (tensor.numBytes / size) * size,
                          tensor.type, random);
            }
            if (seed % 5 == 0) changed = withCount(changed, seed % 6, random);
            std::ofstream(path(), std::ios::binary | std::ios::trunc) << changed;
            QString failure;
            const Result<void> opened = useAll(failure, seed % 8 == 0);
            QVERIFY2(failure.isEmpty(), qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(failure)));
            ++(opened.ok() ? numUsed : numRefused);
            if (opened.ok()) continue;
            QCOMPARE(errorCodeName(opened.error().code), errorCodeName(ErrorCode::InvalidInput));
            QVERIFY2(opened.error().message.find("expected") != std::string::npos,
                     opened.error().message.c_str());
        }
        QVERIFY2(numRefused > 500 && numUsed > 500,
                 qPrintable(QStringLiteral("%1, %2").arg(numRefused).arg(numUsed)));
    }
    void aHugeCountAllocatesNothing()
    {
        // A header that promises 2^60 slots: refused by the file's own size, before any column is read.
        const std::string header =
            R"({"__metadata__":{"format":"orrery.episodic_memory","version":"1"},"keys":{"dtype":"F32",)"
            R"("shape":[2,1152921504606846976,3],"data_offsets":[0,8]}})";
        const uint64_t length = header.size();
        std::ofstream file(path(), std::ios::binary | std::ios::trunc);
        file.write(reinterpret_cast<const char *>(&length), 8);
        file << header << "12345678";
        file.close();
        const auto read = readEpisodicFile(path(), kShape, 9);
        QVERIFY(!read.ok());
        QCOMPARE(errorCodeName(read.error().code), errorCodeName(ErrorCode::InvalidInput));
    }
    void whatIsNotThereIsNotFound()
    {
        VERIFY_ERROR(readEpisodicFile(path().parent_path() / "none", kShape, 9), ErrorCode::NotFound, "none");
    }
};

QTEST_GUILESS_MAIN(TestEpisodicFile)
#include "tst_episodic_file.moc"
