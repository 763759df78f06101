// SPDX-License-Identifier: Apache-2.0
// The share of a training's time that looking inside may take, and who of those who look comes first. Times
// are seconds of any clock that only goes forward. Pure; trainer thread only.
//
// One account earns the share of all time that passes and pays for everything. Rounds (samples, frames) are
// taken while it is not overdrawn and the next question can be paid, too. A person who asks does not wait for
// what rounds have overdrawn: questions have a limit of their own, which earns the same share, saves nothing
// up, and pays for questions alone. So a question waits only for what questions cost shortly before, and what
// it costs puts off the next round.
// Questions that overdraw the account never cost more than the share of the time in which they are asked:
// however long it trains, it is never overdrawn by more than one round and one question.
#pragma once

namespace orrery {

class ProbeBudget {
public:
    /// @param share of the time: 0 allows nothing, 1 everything
    ProbeBudget(double share, double now) : m_share(share), m_beganAt(now), m_checkedAt(now) {}
    /// @param expected seconds that it will take, where somebody knows
    [[nodiscard]] bool allowsRound(double now, double expected = 0) const;
    [[nodiscard]] bool allowsQuestion(double now);
    void payRound(double seconds) { m_spent += seconds; }
    void payQuestion(double seconds, double now);
    /// Time that earns nothing: nobody trained.
    void leaveOut(double seconds);

private:
    void earn(double now);

    double m_share = 0;
    double m_beganAt = 0;
    double m_spent = 0;
    double m_question = 0;  ///< cost of the last one
    double m_checkedAt = 0; ///< until then m_owed has earned
    double m_owed = 0;      ///< by questions, seconds of probing, never below 0
};

} // namespace orrery
