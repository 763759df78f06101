// SPDX-License-Identifier: Apache-2.0
#include "core/train/command_mailbox.h"

#include <QtTest>

#include <thread>
#include <vector>

using namespace orrery;

namespace {

/// A mailbox looks into none: what it is of LibTorch is not known here.
std::shared_ptr<LiveQuestion> someQuestion()
{
    const auto owner = std::make_shared<int>();
    return {owner, reinterpret_cast<LiveQuestion *>(owner.get())};
}

} // namespace

class TestCommandMailbox : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsTheOrder();
    void questionsComeInTheirPlace();
    void losesNothingFromManyThreads();
    void sleepEndsWithAPost();
    void doesNotSleepOverAPost();
    void aClosedMailboxRefuses();
    void closingLosesNothing();
};

void TestCommandMailbox::keepsTheOrder()
{
    CommandMailbox mailbox;
    QVERIFY(!mailbox.take());
    QVERIFY(mailbox.post({.verb = ControlVerb::Pause}));
    QVERIFY(mailbox.post({.verb = ControlVerb::StepN, .steps = 7}));
    QVERIFY(mailbox.post({.verb = ControlVerb::Set, .setting = {"optimizer.clip", "2"}}));
    QCOMPARE(mailbox.take()->command.verb, ControlVerb::Pause);
    QCOMPARE(mailbox.take()->command.steps, int64_t(7));
    QCOMPARE(mailbox.take()->command.setting.value, std::string("2"));
    QVERIFY(!mailbox.take());
}

void TestCommandMailbox::questionsComeInTheirPlace()
{
    CommandMailbox mailbox;
    const auto question = someQuestion();
    QVERIFY(mailbox.post({.verb = ControlVerb::Pause}));
    QVERIFY(mailbox.post(Mail{.command = {}, .question = question}));
    QVERIFY(mailbox.post({.verb = ControlVerb::Continue}));
    QVERIFY(!mailbox.take()->question);
    QVERIFY(mailbox.take()->question == question);
    QCOMPARE(mailbox.take()->command.verb, ControlVerb::Continue);
    mailbox.close();
    QVERIFY(!mailbox.post(Mail{.command = {}, .question = question}));
    QCOMPARE(question.use_count(), 1L);
}

void TestCommandMailbox::losesNothingFromManyThreads()
{
    constexpr int kThreads = 4, kEach = 2000;
    CommandMailbox mailbox;
    std::vector<std::thread> posters;
    for (int thread = 0; thread < kThreads; ++thread)
        posters.emplace_back([&mailbox, thread] {
            for (int i = 0; i < kEach; ++i)
                static_cast<void>(mailbox.post({.verb = ControlVerb::StepN, .steps = thread * kEach + i}));
        });
    std::vector<int64_t> last(kThreads, -1);
    int numTaken = 0;
    while (numTaken < kThreads * kEach) {
        const auto mail = mailbox.take();
        if (!mail) {
            mailbox.sleep(std::chrono::milliseconds(50));
            continue;
        }
        ++numTaken;
        const int64_t number = mail->command.steps;
        int64_t &before = last[static_cast<size_t>(number / kEach)];
        QVERIFY(number % kEach > before);
        before = number % kEach;
    }
    for (std::thread &poster : posters) poster.join();
    QVERIFY(!mailbox.take());
}

void TestCommandMailbox::sleepEndsWithAPost()
{
    CommandMailbox mailbox;
    std::thread poster([&mailbox] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        static_cast<void>(mailbox.post({.verb = ControlVerb::Continue}));
    });
    std::optional<Mail> mail;
    // Far longer than the test may take: only the post can end it.
    while (!(mail = mailbox.take())) mailbox.sleep(std::chrono::minutes(5));
    poster.join();
    QCOMPARE(mail->command.verb, ControlVerb::Continue);
}

void TestCommandMailbox::doesNotSleepOverAPost()
{
    CommandMailbox mailbox;
    QVERIFY(!mailbox.take());
    QVERIFY(mailbox.post({.verb = ControlVerb::Stop}));
    mailbox.sleep(std::chrono::minutes(5));
    QVERIFY(mailbox.take());
}

void TestCommandMailbox::aClosedMailboxRefuses()
{
    CommandMailbox mailbox;
    QVERIFY(mailbox.post({.verb = ControlVerb::StepN, .steps = 1}));
    QVERIFY(mailbox.post({.verb = ControlVerb::StepN, .steps = 2}));
    QCOMPARE(mailbox.take()->command.steps, int64_t(1));
    QVERIFY(mailbox.post({.verb = ControlVerb::StepN, .steps = 3}));
    mailbox.close();
    QVERIFY(!mailbox.post({.verb = ControlVerb::Pause}));
    mailbox.close();
    QCOMPARE(mailbox.take()->command.steps, int64_t(2));
    QCOMPARE(mailbox.take()->command.steps, int64_t(3));
    QVERIFY(!mailbox.take());
}

void TestCommandMailbox::closingLosesNothing()
{
    for (int round = 0; round < 300; ++round) {
        CommandMailbox mailbox;
        std::atomic<int> numAccepted{0};
        const auto postUntilRefused = [&] {
            while (mailbox.post({.verb = ControlVerb::Pause})) ++numAccepted;
        };
        std::thread first(postUntilRefused), second(postUntilRefused);
        int numTaken = 0;
        while (numTaken < 20) numTaken += mailbox.take() ? 1 : 0;
        mailbox.close();
        while (mailbox.take()) ++numTaken;
        first.join();
        second.join();
        QCOMPARE(numTaken, numAccepted.load());
        QVERIFY(!mailbox.take());
    }
}

QTEST_GUILESS_MAIN(TestCommandMailbox)
#include "tst_command_mailbox.moc"
