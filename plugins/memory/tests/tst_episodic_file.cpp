// SPDX-License-Identifier: Apache-2.0
// An episodic memory to a file and back, and files that lie.
#include "plugins/memory/engine/episodic_file.h"

#include "core/base/files.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/safetensors.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

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
    /// The file with one tensor changed by edit(name, type, shape, bytes).
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
        VERIFY_OK(writeSafetensors(path(), tensors, all));
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
        VERIFY_OK(writeEpisodicFile(path(), kShape, store.image(), keys(), numbers(48, 9), {"ab12", "run \xff", 700}));
        image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QCOMPARE(qtext(image->origin.tokens), QString("ab12"));
        QCOMPARE(qtext(image->origin.run), QString("run \uFFFD"));
        QCOMPARE(image->origin.step, int64_t(700));
        rewrite([](TensorSource &, std::vector<std::byte> &) { return true; },
                {{"model.step", "7x"}, {"model.run", std::string(100'000, 'r')}});
        image = readEpisodicFile(path(), kShape, 9);
        VERIFY_OK(image);
        QVERIFY(image->origin.run.empty() && image->origin.step == -1);
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
        QTest::newRow("count") << "\"serial\" is \"many\"";
        QTest::newRow("negative count") << "\"read\" is \"-4\"";
        QTest::newRow("clock") << "\"clock\" is \"late\"";
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
