// SPDX-License-Identifier: Apache-2.0
// Small corpora in a folder of their own, and the checks that all data tests make.
#pragma once

#include "core/data/token_shards.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>

namespace orrery {

class DataFixture {
public:
    enum class Place : uint8_t { Memory, Disk };
    /// In memory, where that exists, for tests that write many small files; large ones go to the disk.
    explicit DataFixture(Place place = Place::Memory)
        : m_folder(
              (place == Place::Memory && QFileInfo("/dev/shm").isWritable() ? "/dev/shm" : QDir::tempPath()) +
              "/orrery-XXXXXX")
    {
    }

    [[nodiscard]] std::filesystem::path path(const std::string &name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    [[nodiscard]] std::filesystem::path cache() const { return path("cache"); }

    std::filesystem::path write(const std::string &name, const std::string &content) const
    {
        std::filesystem::create_directories(path(name).parent_path());
        std::ofstream(path(name), std::ios::binary | std::ios::trunc)
            .write(content.data(), static_cast<std::streamsize>(content.size()));
        return path(name);
    }

    static DataSpec spec(const std::filesystem::path &path, const std::string &specialTokens = "default")
    {
        DataSpec data;
        data.path = path.string();
        data.specialTokens = specialTokens;
        return data;
    }

    [[nodiscard]] Result<TokenShards> prepare(const DataSpec &data, int64_t context = 16, uint64_t seed = 1,
                                              const CorpusLimits &limits = {}) const
    {
        return prepareData(data, context, seed, cache(), {}, nullptr, limits);
    }

private:
    QTemporaryDir m_folder;
};

inline std::string readRaw(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<int32_t> tokensOf(const TokenShards &shards, Split split)
{
    std::vector<int32_t> ids(shards.numTokens(split));
    shards.read(split, 0, ids.size(), ids.data());
    return ids;
}

inline std::vector<uint8_t> masksOf(const TokenShards &shards, Split split)
{
    std::vector<uint8_t> masks(shards.numTokens(split));
    shards.readMask(split, 0, masks.size(), masks.data());
    return masks;
}

/// Numbered lines of ten bytes, so that a stretch of text tells where it stood.
inline std::string numberedLines(size_t count, size_t first = 0)
{
    std::string text;
    for (size_t i = first; i < first + count; ++i) {
        const std::string digits = std::to_string(i);
        text += std::string(9 - digits.size(), '0') + digits + "\n";
    }
    return text;
}

} // namespace orrery

#define VERIFY_OK(expression)                                                                                \
    do {                                                                                                     \
        const auto &checkedResult = (expression);                                                            \
        QVERIFY2(checkedResult.ok(), checkedResult.ok() ? "" : checkedResult.error().text().c_str());        \
    } while (false)
#define VERIFY_ERROR(expression, expectedCode, part)                                                         \
    do {                                                                                                     \
        const auto &checkedResult = (expression);                                                            \
        QVERIFY2(!checkedResult.ok(), "an error was expected");                                              \
        QVERIFY2(checkedResult.error().message.find(part) != std::string::npos,                              \
                 checkedResult.error().message.c_str());                                                     \
        QCOMPARE(checkedResult.error().code, expectedCode);                                                  \
        QVERIFY2(!checkedResult.error().hint.empty(), "the error has no hint");                              \
    } while (false)
