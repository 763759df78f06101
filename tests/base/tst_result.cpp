// SPDX-License-Identifier: Apache-2.0
#include "check_result.h"

#include "core/base/checked.h"

#include <memory>

using namespace orrery;

namespace {

Result<std::unique_ptr<int>> makeNumber(bool works)
{
    if (!works) return Error{ErrorCode::NotFound, "Cannot make a number.", "Ask again."};
    return std::make_unique<int>(7);
}

Result<int> doubled(bool works)
{
    ORRERY_ASSIGN(const auto number, makeNumber(works));
    ORRERY_ASSIGN(const auto again, makeNumber(true));
    return *number + *again;
}

Result<void> checkTwice(bool works)
{
    ORRERY_TRY(doubled(true));
    ORRERY_TRY(doubled(works));
    return {};
}

} // namespace

class TestResult : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void carriesValuesThatOnlyMove()
    {
        VERIFY_OK(doubled(true));
        QCOMPARE(*doubled(true), 14);
    }
    void passesErrorsUpUnchanged()
    {
        VERIFY_ERROR(doubled(false), ErrorCode::NotFound, "Cannot make a number. Ask again.");
        VERIFY_ERROR(checkTwice(false), ErrorCode::NotFound, "Ask again.");
        VERIFY_OK(checkTwice(true));
    }
    void namesEachCodeOnce()
    {
        QStringList names;
        for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code)
            names << errorCodeName(static_cast<ErrorCode>(code));
        QCOMPARE(names.size(), 9);
        QCOMPARE(names.removeDuplicates(), 0);
        QCOMPARE(names.at(1), QString("invalid_input"));
    }
    void findsOverflowOfSizes()
    {
        QCOMPARE(checkedAdd<uint64_t>(2, 3), std::optional<uint64_t>(5));
        QVERIFY(!checkedAdd<uint64_t>(UINT64_MAX, 1));
        QVERIFY(!checkedMul<int64_t>(INT64_MAX, 2));
        const uint64_t small[] = {3, 5, 7};
        QCOMPARE(checkedProduct(small), std::optional<uint64_t>(105));
        const uint64_t large[] = {uint64_t{1} << 32, uint64_t{1} << 32};
        QVERIFY(!checkedProduct(large));
        QCOMPARE(checkedProduct({}), std::optional<uint64_t>(1));
    }
};

QTEST_GUILESS_MAIN(TestResult)
#include "tst_result.moc"
