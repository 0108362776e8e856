PATH=$PATH:/opt/salt/bin
