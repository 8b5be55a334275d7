"""CodeContests and TACO for evalcore: tasks, judge, checkers and a contest of its own."""
